"""Exp in numpy."""

import numpy as np


def exp(x, base=-1, scale=1.0, shift=0.0):
    return np.power(np.e if base == -1 else base, shift + scale * x)
