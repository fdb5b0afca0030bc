"""Axpy in numpy: one factor a plane."""


def axpy(a, x, z):
    return a.reshape(*x.shape[:2], *[1] * (x.ndim - 2)) * x + z
