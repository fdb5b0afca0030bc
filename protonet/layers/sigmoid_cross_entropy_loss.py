"""SigmoidCrossEntropyLoss: -t * log p - (1 - t) * log(1 - p), summed, for p = sigmoid(x) and targets t from 0 to 1.

The surprise: unless loss_param says otherwise it is divided by N, not by the number of targets.  See loss.py.
"""

from math import prod

from protonet.errors import ShapeError
from protonet.kernels import losses as kernels
from protonet.kernels import softmax
from protonet.kernels.pointwise import tasks
from protonet.layers.base import Layer, register
from protonet.layers.loss import BATCH_SIZE, divisor


@register("SigmoidCrossEntropyLoss")
class SigmoidCrossEntropyLoss(Layer):
    bottoms, loss, auto_tops, no_gradient = 2, True, True, (1,)

    def infer(self, x, target):
        if not x or prod(x) != prod(target):
            raise ShapeError(f"expected one target for each number of shape {x}, found shape {target}")
        return [()]

    def forward(self, emit, x, target, loss):
        spec, n = self.param.loss_param, tasks(x.shape)
        sums, count = emit.scratch(n, dtype="float64"), emit.scratch(n, dtype="float64")
        error, norm = emit.keep("error", x.count), emit.keep("norm", 1)
        ignore = spec.HasField("ignore_label"), spec.ignore_label
        emit(kernels.sigmoid_cross_entropy, x, target, error, sums, count, *ignore, tasks=n)
        given = divisor(spec, x.shape[0], x.count // max(x.shape[0], 1), default=BATCH_SIZE)
        emit(softmax.average, sums, count, loss, norm, given)

    def backward(self, emit, loss, x, target):
        if emit.wants(x):
            saved = emit.saved("error"), emit.saved("norm")
            emit(kernels.over_norm, *saved, loss.diff, x.diff, tasks=tasks(x.shape))
