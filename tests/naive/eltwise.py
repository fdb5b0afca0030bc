"""Eltwise in numpy."""

from functools import reduce

import numpy as np


def eltwise(xs, operation="SUM", coeff=None):
    if operation == "SUM":
        return sum(c * x for c, x in zip(coeff or [1] * len(xs), xs, strict=True))
    how = {"PROD": np.multiply, "MAX": np.maximum, "MIN": np.minimum, "DIV": np.divide}[operation]
    return reduce(how, xs)


def spread(x, shape, axis):
    """x, whose axes are those of `shape` from `axis` on, as an array that numpy spreads over it."""
    return np.reshape(x, (*[1] * axis, *x.shape, *[1] * (len(shape) - axis - x.ndim)))
