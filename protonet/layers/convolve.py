"""The steps of a convolution and its gradients: what Convolution and Deconvolution emit, the one's forward
being the other's backward.

A `Map` is the convolution x (N, G * C, ...) -> y (N, G * K, ...) as kernels see it: three spatial axes (more
are left to many_axes.py), joined where the window does not tell them apart, so that a 1 x 1 convolution has
one long axis, and needs no im2col.
"""

from dataclasses import dataclass
from math import prod

from protonet.kernels import affine, conv_plain, gemm, pack, phases
from protonet.layers import by_channel, many_axes

AXES = 3
OWN = dict(private=conv_plain.PRIVATE)
FULL = 1.3  # times as many multiplications as necessary, at most, where phases are worth it
SMALL = 64  # positions below which tiles of one image's are mostly empty


@dataclass(frozen=True)
class Map:
    """N images of G groups of C channels in, K out; the rest has one number per axis."""

    N: int
    G: int
    C: int
    K: int
    sizes: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    before: tuple[int, ...]
    dilation: tuple[int, ...]
    out: tuple[int, ...]

    @property
    def S(self):
        return prod(self.sizes)

    @property
    def P(self):
        return prod(self.out)

    @property
    def T(self):
        return prod(self.kernel)

    @property
    def D(self):
        return self.C * self.T

    @property
    def words(self):
        """The scalars of the kernels of conv_plain.py."""
        return *self.sizes, *self.kernel, *self.stride, *self.before, *self.dilation, *self.out[1:]

    def x(self, blob):
        return blob.seen(self.N, self.G, self.C, self.S)

    def y(self, blob):
        return blob.seen(self.N, self.G, self.K, self.P)

    def w(self, blob):
        return blob.seen(self.G, self.K, self.C, self.T)

    @property
    def phases(self):
        """The convolution y -> phases of x (kernels/phases.py), or None where its taps would be mostly zeros."""
        axes = list(zip(self.kernel, self.stride, self.before, self.sizes, strict=True))
        taps = tuple(-(-k // s) for k, s, _, _ in axes)
        full = prod(t * s for t, s in zip(taps, self.stride, strict=True))
        if set(self.stride) == {1} or set(self.dilation) != {1} or full > FULL * self.T:
            return None
        out = tuple((n + b - 1) // s - b // s + 1 for _, s, b, n in axes)
        before = tuple(t - 1 - b // s for t, (_, s, b, _) in zip(taps, axes, strict=True))
        C, one = self.C * prod(self.stride), (1,) * AXES
        return Map(self.N, self.G, self.K, C, self.out, taps, one, before, one, out)

    @property
    def turns(self):
        """Whether the data gradient is quicker as the convolution `turned`: its windows are copied for C
        products each, where the other way adds back what each K products gave."""
        alike = set(self.stride) == {1} and self.S <= 1.2 * self.P
        return alike and (self.C >= self.K or self.T == 1 or self.P < SMALL)

    @property
    def turned(self):
        """The convolution y -> x that the data gradient is where strides are 1."""
        axes = zip(self.kernel, self.dilation, self.before, strict=True)
        before = tuple(d * (k - 1) - b for k, d, b in axes)
        return Map(
            self.N, self.G, self.K, self.C, self.out, self.kernel, self.stride, before, self.dilation, self.sizes
        )


def convolution(window, N, G, C, K, sizes, out):
    """The Map of a window (spatial.Window) over maps of these sizes."""
    axes = list(zip(sizes, window.kernel, window.stride, window.before, window.dilation, out, strict=True))
    joined: list[tuple] = []
    for n, k, s, b, d, o in axes:
        alike = k == s == 1 and b == 0 and n == o
        if alike and joined and joined[-1][1:5] == (1, 1, 0, 1) and joined[-1][0] == joined[-1][5]:
            joined[-1] = (joined[-1][0] * n, 1, 1, 0, 1, joined[-1][5] * n)
        else:
            joined.append((n, k, s, b, 1 if alike else d, o))
    joined = [(1, 1, 1, 0, 1, 1)] * (AXES - len(joined)) + joined
    return Map(N, G, C, K, *zip(*joined, strict=True))


def forward(emit, m, w, bias, x, y):
    """y <- w over x, + bias (or None)."""
    if len(m.sizes) > AXES:
        many_axes.forward(emit, m, w, bias, x, y)
        return
    if by_channel.applies(m):
        by_channel.forward(emit, m, w, bias, x, y)
        return
    a = emit.scratch(m.G * pack.size(m.K, m.D))
    rows = m.w(w).seen(m.G, m.K, m.D)
    emit(pack.pack_rows, rows, w if bias is None else bias, a, bias is not None, tasks=m.G * pack.blocks(m.D))
    emit(conv_plain.forward, m.x(x), a, m.y(y), *m.words, tasks=gemm.tasks(m.G, m.K, m.N * m.P), **OWN)


def data_gradient(emit, m, w, dy, dx, bias=None):
    """dx <- the gradient at x, + bias per channel (or None)."""
    if len(m.sizes) > AXES:
        many_axes.data_gradient(emit, m, w, dy, dx, bias)
    elif by_channel.applies(m):
        by_channel.data_gradient(emit, m, w, dy, dx, bias)
    elif m.phases:
        by_phases(emit, m, m.phases, w, dy, dx, bias)
    elif m.turns:
        turned = m.turned
        a = emit.scratch(m.G * pack.size(m.C, m.K * m.T))
        given = w if bias is None else bias
        emit(pack.pack_turned, m.w(w), given, a, bias is not None, tasks=m.G * pack.blocks(m.K * m.T))
        tasks = gemm.tasks(m.G, m.C, m.N * m.S)
        emit(conv_plain.forward, m.y(dy), a, m.x(dx), *turned.words, tasks=tasks, **OWN)
    else:
        most = conv_plain.cut_data(m.N, m.G, m.C, m.T)
        blocks = m.G * gemm.ceil(m.C, most)
        a = emit.scratch(blocks * pack.size(most * m.T, m.K))
        emit(pack.pack_windows, m.w(w), a, most, tasks=blocks)
        given = w if bias is None else bias
        emit(conv_plain.data, m.y(dy), a, given, m.x(dx), bias is not None, *m.words, tasks=m.N * blocks, **OWN)


def by_phases(emit, m, part, w, dy, dx, bias):
    """The same where strides are more than 1."""
    v, z = emit.scratch(m.G, part.K, part.C, part.T), emit.scratch(m.N * m.G, part.K, part.P)
    emit(phases.weights, m.w(w), v, *m.kernel, *m.stride, tasks=m.G * part.K)
    forward(emit, part, v, None, dy, z)
    given = w if bias is None else bias
    places = *m.sizes, *m.stride, *m.before, *part.out[1:]
    emit(
        phases.interleave,
        z.seen(m.N, m.G * part.K, part.P),
        given,
        dx.seen(m.N, m.G * m.C, m.S),
        bias is not None,
        *places,
        tasks=m.N * m.G * m.C,
    )


def weight_gradient(emit, m, x, dy, dw):
    """dw += the gradient of the weights."""
    if len(m.sizes) > AXES:
        many_axes.weight_gradient(emit, m, x, dy, dw)
        return
    if by_channel.applies(m):
        by_channel.weight_gradient(emit, m, x, dy, dw)
        return
    shape, tasks = conv_plain.parts(m.G, m.D, m.K, m.N * m.P)
    sums = emit.scratch(*shape)
    emit(conv_plain.weights, m.x(x), m.y(dy), sums, *m.words, tasks=tasks, **OWN)
    emit(conv_plain.add_weights, sums, m.w(dw), tasks=m.G * gemm.ceil(m.K, conv_plain.W))


def bias_gradient(emit, dy, db, N, K):
    """db += the sums of dy over all but its K channels."""
    seen = dy.seen(N, K, dy.count // max(1, N * K))
    emit(affine.shift_grad, seen, db, emit.scratch(K, dtype="float64"), 1, tasks=K)
