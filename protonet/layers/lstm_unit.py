"""LSTMUnit: the gates of an LSTM at one time, by themselves: bottoms c (1, N, H), x (1, N, 4 H), cont (1, N).

    i, f, o, g = sigmoid, sigmoid, sigmoid, tanh of x's quarters     c' = cont * f * c + i * g     h' = o * tanh(c')

Tops: c' and h'.  See lstm.py; the surprise is the order of both bottoms and tops, c before the others.
"""

from protonet.errors import ShapeError
from protonet.kernels import lstm, pointwise
from protonet.layers.base import Layer, register


@register("LSTMUnit", spec="lstm_unit_param")
class LSTMUnit(Layer):
    bottoms, tops, no_gradient = 3, 2, (2,)

    def infer(self, c, x, cont):
        if len(c) != 3 or c[0] != 1:
            raise ShapeError(f"expected c of shape (1, N, H), found {c}")
        _, N, H = c
        if x != (1, N, 4 * H):
            raise ShapeError(f"expected x of shape {(1, N, 4 * H)}, four numbers for each of c, found {x}")
        if cont != (1, N):
            raise ShapeError(f"expected continuation indicators of shape {(1, N)}, found {cont}")
        return [c, c]

    def forward(self, emit, c, x, cont, c_next, h_next):
        _, N, H = c.shape
        gates = emit.keep("gates", N, 4, H)
        arrays = x.seen(N, 4, H), cont.seen(N), c.seen(N, H), gates, c_next.seen(N, H), h_next.seen(N, H)
        emit(lstm.unit, *arrays, self.spec.forget_bias, tasks=N)
        for name, blob in ("c", c), ("cont", cont), ("c_next", c_next):
            emit.save(name, blob)

    def backward(self, emit, c_next, h_next, c, x, cont):
        _, N, H = c.shape
        if not (emit.wants(c) or emit.wants(x)):
            return
        dc, dh = (self.arrived(emit, top).seen(N, H) for top in (c_next, h_next))
        dx, dc0 = (blob.diff if emit.wants(blob) else emit.scratch(*blob.shape) for blob in (x, c))
        known = emit.saved("gates"), emit.saved("cont").seen(N), emit.saved("c").seen(N, H)
        made = dx.seen(N, 4, H), dc0.seen(N, H)
        emit(lstm.unit_grad, *known, emit.saved("c_next").seen(N, H), dh, dc, *made, tasks=N)

    @staticmethod
    def arrived(emit, top):
        """The gradient at a top: zeros where none comes."""
        if top.diff is not None:
            return top.diff
        zeros = emit.scratch(*top.shape)
        emit(pointwise.fill, zeros, 0.0, tasks=pointwise.tasks(top.shape))
        return zeros
