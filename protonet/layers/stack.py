"""Stack: bottoms of one shape along a new axis, the `axis`-th of the top; a negative one counts from its end.

Fork: stack_layer.cpp of Synopsys.
"""

from math import prod

from protonet.errors import ShapeError
from protonet.kernels import block as kernels
from protonet.layers.base import Layer, axis_of, register


@register("Stack", spec="stack_param")
class Stack(Layer):
    bottoms = (1, None)

    def infer(self, *shapes):
        first = shapes[0]
        for i, shape in enumerate(shapes):
            if shape != first:
                raise ShapeError(f"the bottoms must have one shape: bottom 0 has {first}, bottom {i} has {shape}")
        axis = axis_of(self.spec.axis, (*first, 1))
        return [(*first[:axis], len(shapes), *first[axis:])]

    def rows(self, xs, y):
        """Each x, where it starts in rows of y, and (rows, elements of x in each)."""
        axis = axis_of(self.spec.axis, y.shape)
        O, A = prod(y.shape[:axis]), prod(y.shape[axis + 1 :])
        for i, x in enumerate(xs):
            yield x, i * A, (O, A)

    def forward(self, emit, *blobs):
        *xs, y = blobs
        for x, start, (O, A) in self.rows(xs, y):
            emit(kernels.put, x.seen(O, A), y.seen(O, len(xs) * A), start, tasks=kernels.tasks(O, A))

    def backward(self, emit, y, *xs):
        for x, start, (O, A) in self.rows(xs, y):
            if emit.wants(x):
                known = y.diff.seen(O, len(xs) * A), x.diff.seen(O, A), start
                emit(kernels.take, *known, tasks=kernels.tasks(O, A))
