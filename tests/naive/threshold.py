"""Threshold in numpy."""


def threshold(x, bound=0.0):
    return (x > bound).astype(x.dtype)
