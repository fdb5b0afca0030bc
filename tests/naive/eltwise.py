"""Eltwise in numpy."""

import numpy as np


def eltwise(xs, operation="SUM", coeff=None):
    if operation == "SUM":
        return sum(c * x for c, x in zip(coeff or [1] * len(xs), xs, strict=True))
    return np.prod(xs, axis=0) if operation == "PROD" else np.max(xs, axis=0)
