"""Normalize in numpy."""

import numpy as np


def normalize(x, scale=1.0, across_spatial=True, eps=1e-10):
    axes = tuple(range(1, x.ndim)) if across_spatial else 1
    length = np.sqrt((x**2).sum(axes, keepdims=True) + eps)
    return np.reshape(scale, (1, -1) + (1,) * (x.ndim - 2)) * x / length
