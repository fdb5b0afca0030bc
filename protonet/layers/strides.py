"""How far apart neighbours along each axis of an array lie, in elements."""

from math import prod


def strides(shape):
    return [prod(shape[i + 1 :]) for i in range(len(shape))]
