"""Reshape: the same numbers with other axes.

    shape { dim: 0 dim: -1 }     0 keeps the axis at that place, -1 (once) is what is left
    axis, num_axes               the axes of the bottom that shape replaces (num_axes -1: all from axis on)

A negative axis counts from behind the last: -1 inserts after it, with num_axes 0.
"""

from math import prod

from protonet.errors import ShapeError
from protonet.layers.base import Layer, register
from protonet.layers.memory import pass_on


@register("Reshape", spec="reshape_param")
class Reshape(Layer):
    shares = "all"

    def infer(self, x):
        first, last = self.replaced(x)
        given = list(self.spec.shape.dim)
        if given.count(-1) > 1:
            raise ShapeError(f"at most one dim is -1 (what is left), found {given.count(-1)}")
        if min(given, default=0) < -1:
            raise ShapeError(f"a dim is -1 (what is left), 0 (kept) or more, found {min(given)}")
        new = list(given)
        for i, n in enumerate(given):
            if n == 0:
                if first + i >= len(x):
                    raise ShapeError(f"dim {i} is 0, to keep axis {first + i}, but the bottom has shape {x}")
                new[i] = x[first + i]
        if -1 in new:
            known = prod(x[:first]) * prod(x[last:]) * prod(n for n in new if n != -1)
            if not known or prod(x) % known:
                raise ShapeError(
                    f"shape {x} has no axis -1 left in {tuple(given)}: {prod(x)} is no multiple of {known}"
                )
            new[new.index(-1)] = prod(x) // known
        shape = (*x[:first], *new, *x[last:])
        if prod(shape) != prod(x):
            raise ShapeError(f"shape {x} has {prod(x)} elements, but {shape} {prod(shape)}: use -1 for what is left")
        return [shape]

    def replaced(self, x):
        """(first, last): the axes of x that the new ones stand for, last not included."""
        n, axis, count = len(x), self.spec.axis, self.spec.num_axes
        first = axis if axis >= 0 else n + 1 + axis
        if not 0 <= first <= n:
            raise ShapeError(f"axis {axis} is out of range for a bottom of shape {x}: use {-n - 1} to {n}")
        last = n if count == -1 else first + count
        if count < -1 or last > n:
            raise ShapeError(f"num_axes {count} from axis {axis} on does not fit a bottom of shape {x}")
        return first, last

    def forward(self, emit, x, y):
        pass_on(emit, x, y)

    def backward(self, emit, y, x):
        if emit.wants(x):
            pass_on(emit, y.diff, x.diff)
