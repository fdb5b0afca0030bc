"""SoftmaxWithLossOHEM: SoftmaxWithLoss that also gives what online mining of hard examples looks at.

    tops   loss, [probabilities, as x], [the loss of each instance, as the labels: 0 where they are ignored]

arXiv:1604.03540, arXiv:1605.06409.  Fork: softmax_loss_ohem_layer.cpp of daijifeng001/caffe-rfcn, and of Intel's.  No
gradient comes in at the other tops.
"""

from protonet.kernels import instances, pointwise
from protonet.layers.base import Layer, register
from protonet.layers.loss import classes, ignored
from protonet.layers.softmax_loss import SoftmaxWithLoss


@register("SoftmaxWithLossOHEM", spec="softmax_param")
class SoftmaxWithLossOHEM(SoftmaxWithLoss):
    tops = (1, 3)

    def check_counts(self):
        Layer.check_counts(self)

    def infer(self, x, label):
        return [*super().infer(x, label), x, label][: max(1, len(self.param.top))]

    def forward(self, emit, x, label, loss, *others):
        super().forward(emit, x, label, loss)
        O, _, S = classes(self.spec.axis, x.shape, label.shape)
        p = emit.saved("p")
        for top in others[:1]:
            emit(pointwise.copy, p, top, tasks=pointwise.tasks(x.shape))
        for top in others[1:]:
            seen = p, label.seen(O, S), top.seen(O, S)
            emit(instances.log_losses, *seen, ignored(self.param.loss_param), tasks=O)

    def backward(self, emit, loss, *others):
        super().backward(emit, loss, *others[-2:])
