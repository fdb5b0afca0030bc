"""What LSTM and RNN share: T times of N sequences, x (T, N, ...), and cont (T, N), 0 where a sequence begins.

    bottoms   x, cont, [static (N, ...): the same at every time], [first states, with expose_hidden]
    tops      y (T, N, H), [last states (1, N, H), with expose_hidden]

All that does not wait for the time before is one product over all times; each time then adds one, of the state.  The
surprise: without expose_hidden the last state is where the next batch begins, unless cont is 0 at its first time; no
gradient goes back from batch to batch.  As in Caffe, none comes in at the last states.
"""

from math import prod

from protonet.errors import NetError, ShapeError
from protonet.kernels import pointwise
from protonet.kernels import recurrent as kernels
from protonet.layers import convolve
from protonet.layers.base import Layer, Param, counted
from protonet.layers.matrix import product

REFUSED = dict(
    tf_rnn=False, linear_before_reset=0, direction="forward", default_initial=False, continue_recur=False
)  # fmt: skip


def at(blob, t, *shape):
    """One time of a blob."""
    return blob.seen(*shape, start=t * prod(shape))


class Recurrent(Layer):
    """states: their names, h first; gates: numbers in the product for each number of the state."""

    bottoms, no_gradient = (2, 5), (1,)
    states: tuple[str, ...] = ("h",)
    gates = 1

    def check_counts(self):
        spec, hidden = self.spec, len(self.states) * self.spec.expose_hidden
        counted((2 + hidden, 3 + hidden)).check(len(self.param.bottom), "bottom")
        counted(1 + hidden).check(len(self.param.top), "top")
        for name, plain in REFUSED.items():
            if getattr(spec, name) != plain:
                raise NetError(f"{name} is not supported")
        for name in ("activations", "activation_alpha", "activation_beta"):
            if getattr(spec, name):
                raise NetError(f"{name} is not supported")
        if set(self.param.bottom) & set(self.param.top):
            raise NetError(f"{self.type} cannot work in place")

    def parts(self, rest):
        """(static or None, first states) of the bottoms after x and cont."""
        hidden = len(self.states) * self.spec.expose_hidden
        cut = len(rest) - hidden
        return (rest[0] if cut else None), rest[cut:]

    def sizes(self, x, cont, *rest):
        """(T, N, D, S, H): numbers of x and of static (0: none) at a time; checks all shapes."""
        H, (static, first) = self.spec.num_output, self.parts(rest)
        if H < 1:
            raise ShapeError("num_output must be at least 1, found none or 0")
        if len(x) < 2 or min(x) < 1:
            raise ShapeError(f"expected x of shape (T, N, ...), found {x}")
        T, N = x[:2]
        if cont != (T, N):
            raise ShapeError(
                f"expected continuation indicators of shape {(T, N)}, the first two axes of x, found {cont}"
            )
        if static is not None and (not static or static[0] != N):
            raise ShapeError(f"expected a static input of shape ({N}, ...), found {static}")
        for name, shape in zip(self.states, first, strict=False):
            if shape != (1, N, H):
                raise ShapeError(f"expected the first {name} of shape {(1, N, H)}, found {shape}")
        return T, N, prod(x[2:]), 0 if static is None else prod(static[1:]), H

    def params(self, *shapes):
        _, _, D, S, H = self.sizes(*shapes)
        G, spec = self.gates * H, self.spec
        found = [Param("x weight", (G, D), spec.weight_filler), Param("bias", (G,), spec.bias_filler)]
        found += [Param("static weight", (G, S), spec.weight_filler)] if S else []
        return [*found, Param("h weight", (G, H), spec.weight_filler)]

    def infer(self, *shapes):
        T, N, _, _, H = self.sizes(*shapes)
        return [(T, N, H), *[(1, N, H)] * (len(self.param.top) - 1)]

    def weights(self, emit, S):
        """(x weight, bias, static weight or None, h weight, and others) of emit.params."""
        wx, b, *rest = emit.params
        return wx, b, *(rest if S else [None, *rest])

    def forward(self, emit, x, cont, *rest):
        rest, (y, *last) = rest[: -len(self.param.top)], rest[-len(self.param.top) :]
        T, N, D, S, H = self.sizes(*(b.shape for b in (x, cont, *rest)))
        G, (static, first) = self.gates * H, self.parts(rest)
        wx, b, ws, wh, *more = self.weights(emit, S)
        z, masked = emit.keep("gates", T, N, G), emit.keep("masked", T, N, H)
        for name, blob, w in ("x", x, wx), ("static", static, ws), ("cont", cont, wx):
            if w is not None and emit.wants(w):
                emit.save(name, blob)
        product(emit, x, wx, z, T * N, G, D, (False, True), bias=b)
        if S:
            added = emit.scratch(N, G)
            product(emit, static, ws, added, N, G, S, (False, True))
            emit(kernels.add_everywhere, added, z, tasks=N)
        states = [emit.keep(name, T + 1, N, H) for name in self.states]
        carried = first or [emit.keep(f"carried {name}", N, H) for name in self.states]
        for state, begin in zip(states, carried, strict=True):
            emit(pointwise.copy, begin, at(state, 0, N, H), tasks=pointwise.tasks((N, H)))
        for t in range(T):
            emit(kernels.masked, at(states[0], t, N, H), at(cont, t, N), at(masked, t, N, H), tasks=N)
            product(emit, at(masked, t, N, H), wh, at(z, t, N, G), N, G, H, (False, True), add=True)
            self.step(emit, t, N, H, z, cont, states)
        for state, end in zip(states, last or carried, strict=True):
            emit(pointwise.copy, at(state, T, N, H), end, tasks=pointwise.tasks((N, H)))
        self.output(emit, states[0].seen(T, N, H, start=N * H), y, more)

    def output(self, emit, h, y, more):
        """y from the states at all times."""
        emit(pointwise.copy, h, y, tasks=pointwise.tasks(y.shape))

    def output_grad(self, emit, h, y, more):
        """The gradient at those states."""
        return y.diff

    def backward(self, emit, y, *others):
        x, cont, *rest = others[len(self.param.top) - 1 :]
        T, N, D, S, H = self.sizes(*(b.shape for b in (x, cont, *rest)))
        G, (static, first) = self.gates * H, self.parts(rest)
        wx, b, ws, wh, *more = self.weights(emit, S)
        states = [emit.keep(name, T + 1, N, H) for name in self.states]
        dy = self.output_grad(emit, states[0].seen(T, N, H, start=N * H), y, more)
        dz = self.through_time(emit, (T, N, H), cont, states, dy, wh, first)
        rows = T * N
        if emit.wants(wx):
            product(emit, dz, emit.saved("x"), wx.diff, G, D, rows, (True, False), add=True)
        if emit.wants(b):
            convolve.bias_gradient(emit, dz, b.diff, rows, G)
        if emit.wants(wh):
            product(emit, dz, emit.keep("masked", T, N, H), wh.diff, G, H, rows, (True, False), add=True)
        if emit.wants(x):
            product(emit, dz, wx, x.diff, rows, D, G)
        if S and (emit.wants(ws) or emit.wants(static)):
            total = emit.scratch(N, G)
            emit(kernels.sum_over_time, dz, total, tasks=N)
            if emit.wants(ws):
                product(emit, total, emit.saved("static"), ws.diff, G, S, N, (True, False), add=True)
            if emit.wants(static):
                product(emit, total, ws, static.diff, N, S, G)

    def through_time(self, emit, sizes, cont, states, dy, wh, first):
        """The gradients at what goes into the gates (T, N, G); and those at the first states, which are set."""
        T, N, H = sizes
        G = self.gates * H
        dz, dh, back = emit.scratch(T, N, G), emit.scratch(N, H), emit.scratch(N, H)
        others = [emit.scratch(N, H) for _ in self.states[1:]]
        for other in others:
            emit(pointwise.fill, other, 0.0, tasks=pointwise.tasks((N, H)))
        for t in reversed(range(T)):
            if t == T - 1:
                dh_t = at(dy, t, N, H)
            else:
                dh_t = dh
                emit(kernels.masked_grad, at(dy, t, N, H), back, at(cont, t + 1, N), dh, tasks=N)
            self.step_grad(emit, t, N, H, cont, states, dh_t, others, dz)
            if t or any(map(emit.wants, first)):
                product(emit, at(dz, t, N, G), wh, back, N, H, G)
        if first and emit.wants(first[0]):
            emit(kernels.masked, back, at(cont, 0, N), first[0].diff.seen(N, H), tasks=N)
        for given, other in zip(first[1:], others, strict=False):
            if emit.wants(given):
                emit(pointwise.copy, other, given.diff, tasks=pointwise.tasks((N, H)))
        return dz

    def step(self, emit, t, N, H, z, cont, states):
        """From what goes into the gates at t to the states at t + 1."""
        raise NotImplementedError

    def step_grad(self, emit, t, N, H, cont, states, dh, others, dz):
        """dz at t, and the gradients at the other states, from dh."""
        raise NotImplementedError

    def macs(self, bottoms, tops):
        T, N, D, S, H = self.sizes(*bottoms)
        return N * self.gates * H * (T * (D + H) + S)
