"""SigmoidCrossEntropyLoss: -t * log p - (1 - t) * log(1 - p), summed, for p = sigmoid(x) and targets t from 0 to 1.

MNC (daijifeng001/caffe-mnc) has a third bottom, a weight for each number: the sum is divided by that of the weights.
The surprise: unless loss_param says otherwise it is divided by N, not by the number of targets.  See loss.py.
"""

from math import prod

from protonet.errors import NetError, ShapeError
from protonet.kernels import losses as kernels
from protonet.kernels import softmax, weighted
from protonet.kernels.pointwise import tasks
from protonet.layers.base import Layer, register
from protonet.layers.loss import BATCH_SIZE, divisor


@register("SigmoidCrossEntropyLoss")
class SigmoidCrossEntropyLoss(Layer):
    bottoms, loss, auto_tops, no_gradient = (2, 3), True, True, (1, 2)

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        if len(param.bottom) == 3 and param.loss_param.ListFields():
            raise NetError("loss_param goes with two bottoms: with weights, the sum is divided by theirs")

    def infer(self, x, *others):
        for what, shape in zip(("target", "weight"), others, strict=False):
            if not x or prod(x) != prod(shape):
                raise ShapeError(f"expected one {what} for each number of shape {x}, found shape {shape}")
        return [()]

    def forward(self, emit, x, target, *rest):
        spec, n, loss = self.param.loss_param, tasks(x.shape), rest[-1]
        sums, count = emit.scratch(n, dtype="float64"), emit.scratch(n, dtype="float64")
        error, norm = emit.keep("error", x.count), emit.keep("norm", 1)
        if len(rest) > 1:
            emit(weighted.cross_entropy, x, target, rest[0], error, sums, count, tasks=n)
            emit(weighted.average, sums, count, loss, norm)
            return
        ignore = spec.HasField("ignore_label"), spec.ignore_label
        emit(kernels.sigmoid_cross_entropy, x, target, error, sums, count, *ignore, tasks=n)
        given = divisor(spec, x.shape[0], x.count // max(x.shape[0], 1), default=BATCH_SIZE)
        emit(softmax.average, sums, count, loss, norm, given)

    def backward(self, emit, loss, x, *others):
        if emit.wants(x):
            saved = emit.saved("error"), emit.saved("norm")
            emit(kernels.over_norm, *saved, loss.diff, x.diff, tasks=tasks(x.shape))
