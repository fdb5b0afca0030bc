"""FocalLoss: SoftmaxWithLoss whose easy labels count less: -alpha * (1 - p) ** gamma * log p, p = softmax(x)[label].

See loss.py for ignore_label and normalization.  arXiv:1708.02002; fork: focal_loss_layer.cpp of zimenglan-sysu-512/
Focal-Loss.  The surprise: alpha, 0.25 unless told, is a factor of the whole loss.  Its type LINEAR is not supported.
"""

from protonet.kernels import focal as kernels
from protonet.kernels import softmax
from protonet.layers.base import Layer, register
from protonet.layers.loss import check_labels, classes, divisor, ignored


@register("FocalLoss", spec="focal_loss_param")
class FocalLoss(Layer):
    bottoms, loss, auto_tops, no_gradient = 2, True, True, (1,)
    refused = "type", "beta"

    def sizes(self, x, label):
        return classes(self.param.softmax_param.axis, x, label)

    def infer(self, x, label):
        self.sizes(x, label)
        return [()]

    @property
    def gamma(self):
        return self.spec.gama if self.spec.HasField("gama") else self.spec.gamma

    def forward(self, emit, x, label, loss):
        O, C, S = self.sizes(x.shape, label.shape)
        ignore, given, n = ignored(self.param.loss_param), divisor(self.param.loss_param, O, S), softmax.tasks(O, S)
        p, slope, norm = emit.keep("p", O, C, S), emit.keep("slope", O, S), emit.keep("norm", 1)
        sums, count = emit.scratch(n, dtype="float64"), emit.scratch(n, dtype="float64")
        check_labels(emit, label, C, ignore)
        emit(softmax.softmax, x.seen(O, C, S), p, emit.scratch(O, S), tasks=n)
        words = self.spec.alpha, self.gamma, ignore
        emit(kernels.focal_loss, p, label.seen(O, S), slope, sums, count, *words, tasks=n)
        emit(softmax.average, sums, count, loss, norm, given)

    def backward(self, emit, loss, x, label):
        O, C, S = self.sizes(x.shape, label.shape)
        if emit.wants(x):
            known = emit.saved("p"), label.seen(O, S), emit.saved("slope"), emit.saved("norm"), loss.diff
            ignore = ignored(self.param.loss_param)
            emit(kernels.focal_loss_grad, *known, x.diff.seen(O, C, S), ignore, tasks=softmax.tasks(O, S))
