"""Reduction: from `axis` on, all is made one number: SUM, ASUM (of magnitudes), SUMSQ or MEAN, times coeff.

The mean of nothing is NaN, as in Caffe.
"""

from math import nan

from protonet.kernels import reduce as kernels
from protonet.layers.base import Layer, axis_of, register
from protonet.layers.memory import three

MEAN = 4


@register("Reduction", spec="reduction_param")
class Reduction(Layer):
    refused = ("keep_dim",)

    def infer(self, x):
        return [x[: axis_of(self.spec.axis, x)]]

    def numbers(self, x):
        """(outer, reduced), the operation of the kernel, and its factor."""
        axis, operation, coeff = axis_of(self.spec.axis, x.shape), self.spec.operation, self.spec.coeff
        O, A = three(x.shape, axis, len(x.shape))[:2]
        return (O, A), (kernels.SUM, coeff / A if A else nan) if operation == MEAN else (operation, coeff)

    def forward(self, emit, x, y):
        (O, A), numbers = self.numbers(x)
        if emit.wants(x):
            emit.save("x", x)
        emit(kernels.reduce, x.seen(O, A), y.seen(O), *numbers, tasks=O)

    def backward(self, emit, y, x):
        (O, A), numbers = self.numbers(x)
        if emit.wants(x):
            emit(kernels.reduce_grad, emit.saved("x").seen(O, A), y.diff, x.diff.seen(O, A), *numbers, tasks=O)
