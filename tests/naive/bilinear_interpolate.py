"""Bilinear reading of maps in numpy, one number at a time."""

import numpy as np


def read(x, h, w, clamp):
    """x (N, C, H, W) at h, w; beyond the ends zeros, or more of the same."""
    H, W = x.shape[2:]
    total = 0
    if clamp:
        h, w = min(max(h, 0), H - 1), min(max(w, 0), W - 1)
    for i in range(H):
        for j in range(W):
            total = total + max(0, 1 - abs(h - i)) * max(0, 1 - abs(w - j)) * x[:, :, i, j]
    return total


def bilinear_interpolate(x, size, align_corners=True):
    old = x.shape[2:]
    y = np.zeros((*x.shape[:2], *size))
    for at in np.ndindex(*size):
        if align_corners:
            place = [i * (n - 1) / max(m - 1, 1) for i, n, m in zip(at, old, size, strict=True)]
        else:
            place = [(i + 0.5) * n / m - 0.5 for i, n, m in zip(at, old, size, strict=True)]
        y[(..., *at)] = read(x, *place, clamp=True)
    return y
