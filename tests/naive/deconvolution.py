"""Deconvolution in numpy: each input number spreads the window over the map, which loses its pads at the end."""

import numpy as np


def deconvolution(x, w, b=None, stride=1, pad=0, dilation=1, group=1):
    """x (N, C, ...), w (C, K / group, ...)."""
    axes = x.ndim - 2
    stride, pad, dilation = (np.broadcast_to(v, axes) for v in (stride, pad, dilation))
    N, C, K = x.shape[0], x.shape[1], w.shape[1] * group
    extent = [d * (k - 1) + 1 for d, k in zip(dilation, w.shape[2:], strict=True)]
    whole = [s * (n - 1) + e for s, n, e in zip(stride, x.shape[2:], extent, strict=True)]
    y = np.zeros((N, K, *whole))
    for c in range(C):
        g, part = c // (C // group), K // group
        for p in np.ndindex(*x.shape[2:]):
            for t in np.ndindex(*w.shape[2:]):
                at = tuple(np.multiply(p, stride) + np.multiply(t, dilation))
                for k in range(part):
                    y[(slice(None), g * part + k, *at)] += x[(slice(None), c, *p)] * w[(c, k, *t)]
    y = y[(slice(None), slice(None), *(slice(p, n - p) for p, n in zip(pad, whole, strict=True)))]
    return y if b is None else y + np.reshape(b, (-1, *[1] * axes))
