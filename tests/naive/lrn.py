"""LRN in numpy."""

import numpy as np


def lrn(x, size=5, alpha=1.0, beta=0.75, k=1.0, within=False):
    total, half = np.zeros(x.shape), size // 2
    for at in np.ndindex(*x.shape):
        n, c, h, w = at
        if within:
            part = x[n, c, max(h - half, 0) : h + half + 1, max(w - half, 0) : w + half + 1]
        else:
            part = x[n, max(c - half, 0) : c + half + 1, h, w]
        total[at] = (part.astype(np.float64) ** 2).sum()
    return x / (k + alpha / size ** (2 if within else 1) * total) ** beta
