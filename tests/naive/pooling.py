"""Pooling in numpy: one window at a time.  Sizes are (h, w) pairs; pad is that before the map, after that behind it."""

import numpy as np

LOWEST = np.finfo("f").min


def spans(x, out, kernel, stride, pad):
    """(position, row and column slices of the map) of each window of each plane."""
    for n, c, *p in np.ndindex(*x.shape[:2], *out):
        start = [i * s - b for i, s, b in zip(p, stride, pad, strict=True)]
        stop = [min(a + k, size) for a, k, size in zip(start, kernel, x.shape[2:], strict=True)]
        yield (n, c, *p), [(max(a, 0), max(b, max(a, 0))) for a, b in zip(start, stop, strict=True)]


def max_pool(x, out, kernel, stride, pad=(0, 0)):
    """(the largest, its place h * W + w or -1)."""
    y, where = np.full((*x.shape[:2], *out), LOWEST), np.full((*x.shape[:2], *out), -1)
    for at, ((top, bottom), (left, right)) in spans(x, out, kernel, stride, pad):
        for h, w in np.ndindex(bottom - top, right - left):
            value = x[(*at[:2], top + h, left + w)]
            if value > y[at]:
                y[at], where[at] = value, (top + h) * x.shape[3] + left + w
    return y, where


def max_pool_grad(where, dy, shape):
    dx = np.zeros((*shape[:2], shape[2] * shape[3]))
    for (n, c, *p), place in np.ndenumerate(where):
        if place >= 0:
            dx[n, c, place] += dy[(n, c, *p)]
    return dx.reshape(shape)


def counts(shape, at, spans_, kernel, stride, pad, after, inside):
    """What a mean divides by."""
    if inside:
        return np.prod([b - a for a, b in spans_])
    axes = zip(at[2:], kernel, stride, pad, after, shape[2:], strict=True)
    return np.prod([min(i * s - b + k, n + a) - (i * s - b) for i, k, s, b, a, n in axes])


def ave_pool(x, out, kernel, stride, pad=(0, 0), after=None, inside=False):
    after = pad if after is None else after
    y = np.zeros((*x.shape[:2], *out))
    for at, ((top, bottom), (left, right)) in spans(x, out, kernel, stride, pad):
        divisor = counts(x.shape, at, ((top, bottom), (left, right)), kernel, stride, pad, after, inside)
        with np.errstate(all="ignore"):
            y[at] = x[(*at[:2], slice(top, bottom), slice(left, right))].sum() / np.float64(divisor)
    return y


def ave_pool_grad(dy, shape, kernel, stride, pad=(0, 0), after=None, inside=False):
    after = pad if after is None else after
    dx = np.zeros(shape)
    for at, ((top, bottom), (left, right)) in spans(dx, dy.shape[2:], kernel, stride, pad):
        divisor = counts(shape, at, ((top, bottom), (left, right)), kernel, stride, pad, after, inside)
        if top < bottom and left < right:
            dx[(*at[:2], slice(top, bottom), slice(left, right))] += dy[at] / divisor
    return dx


def stochastic_pool(x, r, kernel, stride):
    """(what r draws of each window, its place)."""
    y, where = np.zeros(r.shape, "f"), np.full(r.shape, -1)
    for at, ((top, bottom), (left, right)) in spans(x, r.shape[2:], kernel, stride, (0, 0)):
        window = x[(*at[:2], slice(top, bottom), slice(left, right))]
        if window.size:
            sums = np.cumsum(window, dtype="f")
            i = min(int((sums < r[at] * sums[-1]).sum()), window.size - 1)
            h, w = divmod(i, window.shape[1])
            y[at], where[at] = window[h, w], (top + h) * x.shape[3] + left + w
    return y, where


def expected_pool(x, out, kernel, stride):
    y = np.zeros((*x.shape[:2], *out))
    for at, ((top, bottom), (left, right)) in spans(x, out, kernel, stride, (0, 0)):
        window = x[(*at[:2], slice(top, bottom), slice(left, right))].astype("d")
        y[at] = (window**2).sum() / (window.sum() + np.finfo("f").tiny)
    return y
