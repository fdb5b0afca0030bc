"""ReduceSum, ReduceMean, ReduceMax, ReduceMin, ReduceProd: over each `axis`, all of them where none is named.

keepdims: axes that are reduced stay, as 1.  Fork: reduce_sum_layer.cpp, ... of Synopsys, for nets that come from
TensorFlow or ONNX; they have no gradient there.  (Caffe's own Reduction is over the last axes alone.)
"""

from math import prod

from protonet.errors import ShapeError
from protonet.kernels import reductions as kernels
from protonet.layers.base import Layer, axis_of, register


class Reduce(Layer):
    no_gradient, how, mean = (0,), kernels.SUM, False

    def axes(self, x):
        return sorted({axis_of(axis, x) for axis in self.spec.axis} or range(len(x)))

    def infer(self, x):
        axes = self.axes(x)
        if not prod(x[axis] for axis in axes):
            raise ShapeError(f"there is nothing to reduce along axes {axes} of {x}")
        if self.spec.keepdims:
            return [tuple(1 if axis in axes else n for axis, n in enumerate(x))]
        return [tuple(n for axis, n in enumerate(x) if axis not in axes)]

    def forward(self, emit, x, y):
        """Axes that are neighbours at once, the last ones first."""
        shape, axes = list(x.shape), self.axes(x.shape)
        n = prod(shape[axis] for axis in axes) if self.mean else 1
        while x is not y:
            first = last = axes[-1] + 1 if axes else 0
            while axes and axes[-1] == first - 1:
                first = axes.pop()
            O, A, S = prod(shape[:first]), prod(shape[first:last]), prod(shape[last:])
            to, how = (emit.scratch(O, S), (self.how, 1)) if axes else (y, (self.how, n))
            if S != 1:
                emit(kernels.reduce_columns, x.seen(O, A, S), to.seen(O, S), *how, tasks=kernels.columns(O, S))
            else:
                group, tasks = kernels.cut(O, A)
                emit(kernels.reduce, x.seen(O, A), to.seen(O), *how, group, tasks=tasks)
            x, shape[first:last] = to, []


@register("ReduceSum", spec="reduce_sum_param")
class ReduceSum(Reduce):
    """the sum over some axes."""


@register("ReduceMean", spec="reduce_mean_param")
class ReduceMean(Reduce):
    """the mean over some axes."""

    mean = True


@register("ReduceMax", spec="reduce_max_param")
class ReduceMax(Reduce):
    """the largest over some axes."""

    how = kernels.MAX


@register("ReduceMin", spec="reduce_min_param")
class ReduceMin(Reduce):
    """the smallest over some axes."""

    how = kernels.MIN


@register("ReduceProd", spec="reduce_prod_param")
class ReduceProd(Reduce):
    """the product over some axes."""

    how = kernels.PROD
