"""ReduceSum, ReduceMean, ReduceMax, ReduceMin, ReduceProd: over each `axis`, all of them where none is named.

keepdims: axes that are reduced stay, as 1.  Fork: reduce_sum_layer.cpp, ... of Synopsys, for nets that come from
TensorFlow or ONNX; they have no gradient there.  (Caffe's own Reduction is over the last axes alone.)
"""

from math import prod

from protonet.errors import ShapeError
from protonet.kernels import reductions as kernels
from protonet.layers.base import Layer, axis_of, register
from protonet.layers.strides import turned


class Reduce(Layer):
    no_gradient, how = (0,), kernels.SUM

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
        axes = self.axes(x.shape)
        S = prod(x.shape[axes[-1] + 1 :]) if axes else 1
        if S > 1 and axes == list(range(axes[0], axes[-1] + 1)):
            O, A = prod(x.shape[: axes[0]]), prod(x.shape[axes[0] : axes[-1] + 1])
            sums = emit.scratch(O, S, dtype="float64")
            emit(kernels.reduce_columns, x.seen(O, A, S), y.seen(O, S), sums, self.how, tasks=kernels.columns(O, S))
            return
        order = [*(axis for axis in range(len(x.shape)) if axis not in axes), *axes]
        A = prod(x.shape[axis] for axis in axes)
        O = x.count // A
        if order != sorted(order):
            rows = emit.scratch(O, A)
            turned(emit, x, rows, x.shape, order)
        else:
            rows = x.seen(O, A)
        group, n = kernels.cut(O, A)
        emit(kernels.reduce, rows, y.seen(O), self.how, group, tasks=n)


@register("ReduceSum", spec="reduce_sum_param")
class ReduceSum(Reduce):
    """the sum over some axes."""


@register("ReduceMean", spec="reduce_mean_param")
class ReduceMean(Reduce):
    """the mean over some axes."""

    how = kernels.MEAN


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
