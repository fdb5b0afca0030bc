"""Add, Sub, Div, Maximum, Minimum: of two bottoms, number by number, each spread over the other's axes as numpy does.

Axes are counted from the last; those that one bottom lacks, or has once, are spread.  Fork: add_layer.cpp,
sub_layer.cpp, ... of Synopsys, for nets that come from TensorFlow or ONNX; they have no gradient there.
"""

from math import prod
from typing import Any

from protonet.errors import ShapeError
from protonet.kernels import spread as kernels
from protonet.kernels import strided
from protonet.layers.base import Layer, register
from protonet.layers.strides import strides


def steps(shape, n):
    """How far apart neighbours lie along n axes, of which this shape is the last: 0 where there is only one."""
    own = (*[1] * (n - len(shape)), *shape)
    return [0 if size == 1 else step for size, step in zip(own, strides(own), strict=True)]


class Binary(Layer):
    bottoms, no_gradient = 2, (0, 1)
    kernel: Any = None

    def infer(self, a, b):
        n = max(len(a), len(b))
        sides = [(*[1] * (n - len(shape)), *shape) for shape in (a, b)]
        if any(p != q and 1 not in (p, q) for p, q in zip(*sides, strict=True)):
            raise ShapeError(f"cannot spread {a} and {b} over each other: axes must be equal, or 1, from the last on")
        return [tuple(q if p == 1 else p for p, q in zip(*sides, strict=True))]

    def forward(self, emit, a, b, y):
        if prod(y.shape):
            n = len(y.shape)
            sizes, first, second = strided.full(y.shape, steps(a.shape, n), steps(b.shape, n))
            group, tasks = strided.cut(sizes)
            emit(self.kernel, a, b, y, group, *sizes, *first, *second, tasks=tasks)


@register("Add")
class Add(Binary):
    """the sum of two bottoms, each spread over the other's axes as numpy does."""

    kernel = kernels.add


@register("Sub")
class Sub(Binary):
    """the first bottom less the second, each spread over the other's axes as numpy does."""

    kernel = kernels.subtract


@register("Div")
class Div(Binary):
    """the first bottom by the second, each spread over the other's axes as numpy does."""

    kernel = kernels.divide


@register("Maximum")
class Maximum(Binary):
    """the larger of two bottoms, each spread over the other's axes as numpy does."""

    kernel = kernels.maximum


@register("Minimum")
class Minimum(Binary):
    """the smaller of two bottoms, each spread over the other's axes as numpy does."""

    kernel = kernels.minimum
