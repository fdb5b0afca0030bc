"""Convolution in numpy: one window at a time, over any number of axes; and its gradients, the same way back."""

import numpy as np


def convolution(x, w, b=0.0, stride=1, pad=0, dilation=1, group=1):
    """x (N, C, ...), w (K, C / group, ...); pad: a number, one per axis, or (before, after) of each."""
    y = outputs(x, w, stride, pad, dilation)
    padded = np.pad(x, [(0, 0), (0, 0), *sides(pad, x.ndim - 2)])
    for k, channels, p, places in windows(x, w, y, stride, dilation, group):
        window = padded[(slice(None), channels, *np.ix_(*places))]
        y[(slice(None), k, *p)] = (window * w[k]).sum(tuple(range(1, x.ndim))) + np.broadcast_to(b, len(w))[k]
    return y


def gradients(x, w, dy, stride=1, pad=0, dilation=1, group=1):
    """(dx, dw, db)."""
    ends = sides(pad, x.ndim - 2)
    padded = np.pad(x, [(0, 0), (0, 0), *ends]).astype("d")
    dx, dw = np.zeros_like(padded), np.zeros(w.shape)
    for k, channels, p, places in windows(x, w, dy, stride, dilation, group):
        at, share = (slice(None), channels, *np.ix_(*places)), dy[(slice(None), k, *p)]
        dx[at] += np.multiply.outer(share, w[k])
        dw[k] += np.tensordot(share, padded[at], 1)
    inside = tuple(slice(before, before + n) for (before, _), n in zip(ends, x.shape[2:], strict=True))
    return dx[(slice(None), slice(None), *inside)], dw, dy.sum((0, *range(2, dy.ndim)))


def windows(x, w, y, stride, dilation, group):
    """(output, its channels, position, places in the padded map along each axis) of every window."""
    axes = x.ndim - 2
    stride, dilation = np.broadcast_to(stride, axes), np.broadcast_to(dilation, axes)
    for k, *p in np.ndindex(y.shape[1:]):
        g = k // (len(w) // group)
        places = [i * s + np.arange(n) * d for i, s, n, d in zip(p, stride, w.shape[2:], dilation, strict=True)]
        yield k, slice(g * w.shape[1], (g + 1) * w.shape[1]), p, places


def outputs(x, w, stride, pad, dilation):
    axes = x.ndim - 2
    stride, dilation = np.broadcast_to(stride, axes), np.broadcast_to(dilation, axes)
    whole = [n + a + b for n, (a, b) in zip(x.shape[2:], sides(pad, axes), strict=True)]
    extent = [d * (k - 1) + 1 for k, d in zip(w.shape[2:], dilation, strict=True)]
    return np.zeros((len(x), len(w), *((n - e) // s + 1 for n, e, s in zip(whole, extent, stride, strict=True))))


def sides(pad, axes):
    return [(p, p) if np.ndim(p) == 0 else tuple(p) for p in (np.full(axes, pad) if np.ndim(pad) == 0 else pad)]
