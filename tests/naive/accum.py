"""Accum in numpy: rows and columns mixed by matrices."""

import numpy as np


def mixing(old, new):
    """(new, old): how much of each old row is in a new one."""
    at = np.arange(new) * ((old - 1) / (new - 1) if new > 1 else 0)
    return np.maximum(0, 1 - abs(at[:, None] - np.arange(old)))


def accum(xs, H, W):
    return np.concatenate([mixing(x.shape[2], H) @ x @ mixing(x.shape[3], W).T for x in xs], 1)
