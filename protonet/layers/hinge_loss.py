"""HingeLoss: the sum of max(0, 1 - x) at the label and max(0, 1 + x) elsewhere, or of their squares (L2), divided by N.

One against all: x is (N, classes), or (N, ...) with classes counted over all that follows.
"""

from protonet.errors import ShapeError
from protonet.kernels import losses as kernels
from protonet.kernels.labels import NO_LABEL
from protonet.kernels.pointwise import tasks
from protonet.layers.base import Layer, register
from protonet.layers.loss import check_labels
from protonet.layers.memory import three

L2 = 2


@register("HingeLoss", spec="hinge_loss_param")
class HingeLoss(Layer):
    bottoms, loss, auto_tops, no_gradient = 2, True, True, (1,)

    def infer(self, x, label):
        if not x or three(label, 0, len(label))[1] != x[0]:
            raise ShapeError(f"expected one label for each image of shape {x}, found shape {label}")
        return [()]

    def forward(self, emit, x, label, loss):
        N, A = three(x.shape, 1, len(x.shape))[:2]
        sums = emit.scratch(N, dtype="float64")
        check_labels(emit, label, A, NO_LABEL)
        slopes, squared = emit.keep("slopes", N, A), self.spec.norm == L2
        emit(kernels.hinge, x.seen(N, A), label, slopes, sums, squared, NO_LABEL, tasks=N)
        emit(kernels.total, sums, loss, 1 / max(1, N))

    def backward(self, emit, loss, x, label):
        if emit.wants(x):
            saved, factor = emit.saved("slopes"), 1 / max(1, x.shape[0])
            emit(kernels.times_loss, saved, loss.diff, x.diff, factor, tasks=tasks(x.shape))
