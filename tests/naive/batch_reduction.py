"""BatchReduction in numpy."""

import numpy as np


def batch_reduction(x, axis=0, levels=(), mean=False):
    how = np.mean if mean else np.sum
    if list(levels) in ([], [1]):
        return how(x, axis)
    parts = np.split(x, np.cumsum([level**2 for level in levels])[:-1], axis)
    return np.stack([how(part, axis) for part in parts], axis)
