"""SmoothL1LossOHEM: SmoothL1Loss that also gives what online mining of hard examples looks at.

    bottoms   a, b, [w]: u = w * (a - b)
    tops      loss: the sum of u ** 2 / 2 where |u| < 1, else |u| - 1 / 2, by default divided by the instances;
              [the loss of each instance, (N, 1, ...): summed over axis 1]

arXiv:1604.03540, arXiv:1605.06409.  Fork: smooth_L1_loss_ohem_layer.cpp of daijifeng001/caffe-rfcn, and of Intel's.
The surprise: VALID is FULL here.  No gradient comes in at the other top.
"""

from protonet.errors import ShapeError
from protonet.kernels import instances, pairs
from protonet.kernels import losses as kernels
from protonet.kernels.pointwise import tasks
from protonet.layers.base import Layer, register
from protonet.layers.loss import divisor
from protonet.layers.memory import three
from protonet.layers.smooth_l1_loss import trimmed


@register("SmoothL1LossOHEM", spec="smooth_l1_loss_param")
class SmoothL1LossOHEM(Layer):
    bottoms, tops, loss, auto_tops, constant = (2, 3), (1, 2), True, True, (2,)
    refused = ("sigma",)

    def infer(self, *shapes):
        for i, shape in enumerate(shapes):
            if trimmed(shape) != trimmed(shapes[0]) or len(shape) < 2:
                raise ShapeError(f"the bottoms must have one shape (N, C, ...): bottom {i} has {shape} of {shapes[0]}")
        a = shapes[0]
        return [(), (a[0], 1, *a[2:])][: max(1, len(self.param.top))]

    def norm(self, a):
        O, _, S = three(a, 1)
        return max(divisor(self.param.loss_param, O, S) or O * S, 1)

    def forward(self, emit, *blobs):
        n = len(self.param.bottom)
        a, b, *weights = blobs[:n]
        loss, *others = blobs[n:]
        count, w = tasks(a.shape), [*weights, a][0]  # a stands for what is not read
        slopes, sums = emit.keep("slopes", a.count), emit.scratch(count, dtype="float64")
        emit(pairs.smooth_l1, a, b, w, a, slopes, sums, 1.0, len(weights), tasks=count)
        emit(kernels.total, sums, loss, 1 / self.norm(a.shape))
        O, C, S = three(a.shape, 1)
        for top in others:
            seen = (blob.seen(O, C, S) for blob in (a, b, w))
            emit(instances.smooth_l1_losses, *seen, top.seen(O, S), len(weights), tasks=O)

    def backward(self, emit, loss, *blobs):
        a, b = blobs[len(self.param.top) - 1 :][:2] if len(self.param.top) else blobs[:2]
        for blob, sign in (a, 1), (b, -1):
            if emit.wants(blob):
                factor = sign / self.norm(a.shape)
                emit(kernels.times_loss, emit.saved("slopes"), loss.diff, blob.diff, factor, tasks=tasks(a.shape))
