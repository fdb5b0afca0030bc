"""Axes in another order, for the layers that turn arrays: how far apart neighbours along each axis lie, in elements."""

from math import prod

from protonet.kernels import strided as kernels
from protonet.kernels import turn


def strides(shape):
    return [prod(shape[i + 1 :]) for i in range(len(shape))]


def turned(emit, x, y, shape, order):
    """y <- x, seen with this shape, with its axes in this order."""
    steps = strides(shape)
    part(emit, x, y, 0, [shape[axis] for axis in order], [steps[axis] for axis in order])


def part(emit, x, y, start, sizes, steps):
    """y, of these sizes, <- x from `start` on, read with these strides; 0 repeats."""
    sizes, steps = kernels.full(sizes, steps)
    if steps[-1] in (0, 1) or 1 not in steps or start:
        group, tasks = kernels.cut(sizes)
        emit(kernels.gather, x, y, start, group, *sizes, *steps, tasks=tasks)
        return
    there, which = strides(sizes), steps.index(1)
    outer = [axis for axis in range(kernels.AXES - 1) if axis != which]
    counts = [sizes[axis] for axis in outer]
    group, tasks = turn.cut(counts, sizes[which], sizes[-1])
    known = *counts, sizes[-1], sizes[which], *(steps[axis] for axis in outer), steps[-1]
    emit(turn.turn, x, y, group, *known, *(there[axis] for axis in outer), there[which], tasks=tasks)


def mirrored(emit, x, y, axes):
    """y <- x with what lies along each of these axes back to front."""
    steps, start = strides(x.shape), 0
    for axis in axes:
        start += steps[axis] * max(0, x.shape[axis] - 1)
        steps[axis] = -steps[axis]
    part(emit, x, y, start, x.shape, steps)


def back(order):
    """The order that undoes an order."""
    return sorted(range(len(order)), key=lambda axis: order[axis])
