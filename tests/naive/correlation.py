"""Correlation in plain numpy: one displacement at one place at a time."""

import math

import numpy as np


def correlation(x, z, k, most, stride, step, pad):
    x, z = (np.pad(a, ((0, 0), (0, 0), (pad, pad), (pad, pad))) for a in (x, z))
    (H, W), N = x.shape[2:], len(x)
    radius, border = most // step, most + k // 2
    high, wide = (math.ceil((n - 2 * border) / stride) for n in (H, W))
    moves = [(p * step, o * step) for p in range(-radius, radius + 1) for o in range(-radius, radius + 1)]
    y = np.zeros((N, len(moves), high, wide))
    for n, d, i, j in np.ndindex(*y.shape):
        h, w, (down, across) = most + i * stride, most + j * stride, moves[d]
        here = x[n, :, h : h + k, w : w + k]
        there = z[n, :, h + down : h + down + k, w + across : w + across + k]
        y[n, d, i, j] = (here * there).mean()
    return y
