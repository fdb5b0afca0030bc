"""Im2col in numpy, for any number of spatial axes, one window at a time."""

import numpy as np


def im2col(x, kernel, stride, pad, dilation):
    x = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in pad)])
    axes = list(zip(x.shape[2:], kernel, stride, dilation, strict=True))
    outputs = [(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in axes]
    y = np.zeros((x.shape[0], x.shape[1], int(np.prod(kernel)), *outputs), x.dtype)
    for t, tap in enumerate(np.ndindex(*kernel)):
        for at in np.ndindex(*outputs):
            place = tuple(a * s + i * d for a, i, (_, _, s, d) in zip(at, tap, axes, strict=True))
            y[(slice(None), slice(None), t, *at)] = x[(slice(None), slice(None), *place)]
    return y.reshape(x.shape[0], -1, *outputs)
