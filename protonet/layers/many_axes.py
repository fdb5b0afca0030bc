"""A convolution over more than three spatial axes, in numpy, for convolve.py: right, and slow, for what
hardly ever is.

m is a Map with as many axes as it takes; each tap of the window is one product of channels over a slice of
the padded map.
"""

import numpy as np


def taps(m):
    """(tap, slice of the padded map that it sees) of each tap."""
    for t in np.ndindex(*m.kernel):
        axes = zip(t, m.dilation, m.stride, m.out, strict=True)
        yield t, (..., *(slice(i * d, i * d + s * (o - 1) + 1, s) for i, d, s, o in axes))


def margins(m):
    """(before, after) of each axis: zeros that windows reach."""
    axes = zip(m.sizes, m.kernel, m.stride, m.before, m.dilation, m.out, strict=True)
    return [(b, max(0, s * (o - 1) + d * (k - 1) + 1 - b - n)) for n, k, s, b, d, o in axes]


def padded(m, x):
    return np.pad(x, [(0, 0)] * 3 + margins(m))


def forward(emit, m, w, bias, x, y):
    def run(x, w, y, *bias):
        x, total = padded(m, x), np.zeros(y.shape, np.float32)
        for t, part in taps(m):
            total += np.einsum("ngc...,gkc->ngk...", x[part], w[(..., *t)])
        y[...] = total + (spread(m, m.K, *bias) if bias else 0)

    to = y_of(m, y)
    emit.host(run, x_of(m, x), w_of(m, w), to, *([] if bias is None else [bias]), out=[to])


def data_gradient(emit, m, w, dy, dx, bias):
    def run(dy, w, dx, *bias):
        total = padded(m, np.zeros_like(dx))
        for t, part in taps(m):
            total[part] += np.einsum("ngk...,gkc->ngc...", dy, w[(..., *t)])
        inside = tuple(slice(b, b + n) for b, n in zip(m.before, m.sizes, strict=True))
        dx[...] = total[(..., *inside)] + (spread(m, m.C, *bias) if bias else 0)

    to = x_of(m, dx)
    emit.host(run, y_of(m, dy), w_of(m, w), to, *([] if bias is None else [bias]), out=[to])


def weight_gradient(emit, m, x, dy, dw):
    def run(x, dy, dw):
        x = padded(m, x)
        for t, part in taps(m):
            dw[(..., *t)] += np.einsum("ngcp,ngkp->gkc", flat(x[part]), flat(dy))

    to = w_of(m, dw)
    emit.host(run, x_of(m, x), y_of(m, dy), to, out=[to])


def flat(a):
    return a.reshape(*a.shape[:3], int(np.prod(a.shape[3:])))


def spread(m, channels, bias):
    return bias.reshape(m.G, channels, *[1] * len(m.sizes))


def x_of(m, blob):
    return blob.seen(m.N, m.G, m.C, *m.sizes)


def y_of(m, blob):
    return blob.seen(m.N, m.G, m.K, *m.out)


def w_of(m, blob):
    return blob.seen(m.G, m.K, m.C, *m.kernel)
