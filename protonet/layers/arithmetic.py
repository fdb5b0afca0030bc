"""Add, Sub, Div, Maximum, Minimum: of two bottoms, number by number, each spread over the other's axes as numpy does.

Axes are counted from the last; those that one bottom lacks, or has once, are spread.  Fork: add_layer.cpp,
sub_layer.cpp, ... of Synopsys, for nets that come from TensorFlow or ONNX; they have no gradient there.
"""

from math import prod

from protonet.errors import ShapeError
from protonet.kernels import eltwise as kernels
from protonet.kernels import eltwise_forks, strided
from protonet.kernels.pointwise import tasks
from protonet.layers.base import Layer, register
from protonet.layers.strides import strides


def spread(emit, x, shape):
    """x as an array of this shape."""
    if x.shape == shape:
        return x
    own = (*[1] * (len(shape) - len(x.shape)), *x.shape)
    steps = [0 if n == 1 else step for n, step in zip(own, strides(own), strict=True)]
    sizes, steps = strided.full(shape, steps)
    (group, n), full = strided.cut(sizes), emit.scratch(*shape)
    emit(strided.gather, x, full, 0, group, *sizes, *steps, tasks=n)
    return full


class Binary(Layer):
    bottoms, no_gradient = 2, (0, 1)

    def infer(self, a, b):
        n = max(len(a), len(b))
        sides = [(*[1] * (n - len(shape)), *shape) for shape in (a, b)]
        if any(p != q and 1 not in (p, q) for p, q in zip(*sides, strict=True)):
            raise ShapeError(f"cannot spread {a} and {b} over each other: axes must be equal, or 1, from the last on")
        return [tuple(q if p == 1 else p for p, q in zip(*sides, strict=True))]

    def forward(self, emit, a, b, y):
        shape = tuple(y.shape)
        if prod(shape):
            self.combine(emit, spread(emit, a, shape), spread(emit, b, shape), y, tasks(shape))

    def combine(self, emit, a, b, y, n):
        raise NotImplementedError(self.type)


@register("Add")
class Add(Binary):
    """the sum of two bottoms, each spread over the other's axes as numpy does."""

    def combine(self, emit, a, b, y, n):
        emit(kernels.weighted, a, b, y, 1.0, 1.0, tasks=n)


@register("Sub")
class Sub(Binary):
    """the first bottom less the second, each spread over the other's axes as numpy does."""

    def combine(self, emit, a, b, y, n):
        emit(kernels.weighted, a, b, y, 1.0, -1.0, tasks=n)


@register("Div")
class Div(Binary):
    """the first bottom by the second, each spread over the other's axes as numpy does."""

    def combine(self, emit, a, b, y, n):
        emit(eltwise_forks.divide, a, b, y, tasks=n)


@register("Maximum")
class Maximum(Binary):
    """the larger of two bottoms, each spread over the other's axes as numpy does."""

    def combine(self, emit, a, b, y, n):
        emit(kernels.maximum, a, b, y, tasks=n)


@register("Minimum")
class Minimum(Binary):
    """the smaller of two bottoms, each spread over the other's axes as numpy does."""

    def combine(self, emit, a, b, y, n):
        emit(eltwise_forks.first_minimum, a, b, y, emit.scratch(y.count, dtype="int32"), tasks=n)
