"""Axes in another order, for the layers that turn arrays: how far apart neighbours along each axis lie, in elements."""

from math import prod

from protonet.kernels import strided as kernels


def strides(shape):
    return [prod(shape[i + 1 :]) for i in range(len(shape))]


def turned(emit, x, y, shape, order):
    """y <- x, seen with this shape, with its axes in this order."""
    steps = strides(shape)
    sizes, joined = kernels.full([shape[axis] for axis in order], [steps[axis] for axis in order])
    emit(kernels.gather, x, y, 0, *sizes, *joined, tasks=kernels.tasks(sizes))


def back(order):
    """The order that undoes an order."""
    return sorted(range(len(order)), key=lambda axis: order[axis])
