"""Flatten in numpy."""


def flatten(x, axis=1, end_axis=-1):
    first, last = axis % x.ndim, end_axis % x.ndim
    return x.reshape(*x.shape[:first], -1, *x.shape[last + 1 :])
