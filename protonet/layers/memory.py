"""What layers share: seeing a shape in three parts, and passing values on as cheaply as can be."""

from math import prod

from protonet.kernels import pointwise
from protonet.runtime.step import plain


def three(shape, axis, end=None):
    """(outer, middle, inner) element counts of a shape: the middle is axes `axis` to `end`, which is not included."""
    end = axis + 1 if end is None else end
    return prod(shape[:axis]), prod(shape[axis:end]), prod(shape[end:])


def same(x, y):
    """Whether x and y (blobs, buffers or views) are one memory: in place, or shared by the net."""
    x, y = plain(x), plain(y)
    return x.buffer is y.buffer and x.start == y.start


def pass_on(emit, x, y):
    """y <- x; nothing to do where they are one."""
    if not same(x, y):
        emit(pointwise.copy, x, y, tasks=pointwise.tasks(plain(y).shape))
