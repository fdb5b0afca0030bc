"""CenterLoss: the sum of |x - c[label]| ** 2 over the batch, divided by 2 N; c, one centre a class, is learned as well.

    x (N, ...) from `axis` on; blob c (num_output, A)          doi:10.1007/978-3-319-46478-7_31

The surprise: what the centres get is no gradient of the loss but a rule of their own, by which c moves towards the mean
of its class in the batch: dc = sum of (c - x) / (1 + count), whatever loss_weight is.  Fork: center_loss_layer.cpp of
ydwen/caffe-face.
"""

from math import prod

from protonet.errors import ShapeError
from protonet.kernels import center as kernels
from protonet.kernels import losses, pointwise
from protonet.kernels.labels import NO_LABEL
from protonet.layers.base import Layer, Param, axis_of, register
from protonet.layers.loss import check_labels


@register("CenterLoss", spec="center_loss_param")
class CenterLoss(Layer):
    bottoms, loss, auto_tops, no_gradient = 2, True, True, (1,)

    def sizes(self, x, label):
        """(N, A, classes)."""
        axis, K = axis_of(self.spec.axis, x), self.spec.num_output
        N = prod(x[:axis])
        if K < 1:
            raise ShapeError("num_output must be at least 1, found none or 0")
        if prod(label) != N:
            raise ShapeError(f"expected {N} labels, one for each vector of {x}, found shape {label}")
        return N, prod(x[axis:]), K

    def params(self, x, label):
        _, A, K = self.sizes(x, label)
        return [Param("center", (K, A), self.spec.center_filler)]

    def infer(self, x, label):
        self.sizes(x, label)
        return [()]

    def forward(self, emit, x, label, loss):
        N, A, K = self.sizes(x.shape, label.shape)
        check_labels(emit, label, K, NO_LABEL)
        d, sums = emit.keep("distance", N, A), emit.scratch(N, dtype="float64")
        emit(kernels.center_distance, x.seen(N, A), label.seen(N), emit.params[0], d, sums, tasks=N)
        emit(losses.total, sums, loss, 1 / (2 * max(1, N)))

    def backward(self, emit, loss, x, label):
        N, _, K = self.sizes(x.shape, label.shape)
        d, (center,) = emit.saved("distance"), emit.params
        if emit.wants(center):
            emit(kernels.center_grad, d, label.seen(N), center.diff, emit.scratch(K), tasks=kernels.tasks(K))
        if emit.wants(x):
            emit(losses.times_loss, d, loss.diff, x.diff, 1 / max(1, N), tasks=pointwise.tasks(x.shape))
