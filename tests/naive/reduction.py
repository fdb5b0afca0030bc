"""Reduction in numpy."""

import numpy as np

REDUCE = {"SUM": np.sum, "ASUM": lambda r, a: abs(r).sum(a), "SUMSQ": lambda r, a: (r**2).sum(a), "MEAN": np.mean}


def reduction(x, operation="SUM", axis=0, coeff=1.0):
    axis %= x.ndim
    return coeff * REDUCE[operation](x.reshape(*x.shape[:axis], -1), axis)
