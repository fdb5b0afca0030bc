"""SoftmaxWithLoss: the mean of -log softmax(x)[label] over the labels; see loss.py for ignore_label and normalization.

x has its classes along softmax_param's axis, and there is a label for each other position: (N, C, H, W) and N * H * W.
A second top, the probabilities, is refused: Caffe's code has one, but its checks of loss_weight let none through.
SegNet's class_weighting weighs each label by its class, if weight_by_label_freqs says so.
The surprise: the loss is at most 87.3, since log is not taken of less than the smallest float32.
"""

import numpy as np

from protonet.errors import NetError, ShapeError
from protonet.kernels import softmax as kernels
from protonet.layers.base import Layer, register
from protonet.layers.loss import check_labels, classes, divisor, ignored
from protonet.runtime.step import Buffer


@register("SoftmaxWithLoss", spec="softmax_param")
class SoftmaxWithLoss(Layer):
    bottoms, loss, auto_tops, no_gradient = 2, True, True, (1,)

    def check_counts(self):
        if len(self.param.top) == 2:
            raise NetError("a second top, the probabilities, is not to be had here: put a Softmax on the same bottom")
        if self.param.softmaxloss_param.weight_source:
            raise NetError("weight_source is a fork's, and not read here: give loss_param class_weighting, by label")
        super().check_counts()

    def infer(self, x, label):
        _, C, _ = classes(self.spec.axis, x, label)
        weights = self.weights
        if len(weights) not in (0, C):
            raise ShapeError(f"class_weighting is given once for each of {C} classes, found {len(weights)}")
        return [()]

    @property
    def weights(self):
        """What a label of each class weighs; none where all weigh 1."""
        spec = self.param.loss_param
        return np.array(spec.class_weighting if spec.weight_by_label_freqs else [], np.float32)

    def weighing(self):
        weights = self.weights
        return Buffer(weights.shape, "own", f"{self.name} class_weighting", memory=weights)

    def forward(self, emit, x, label, loss):
        O, C, S = classes(self.spec.axis, x.shape, label.shape)
        ignore, given, n = ignored(self.param.loss_param), divisor(self.param.loss_param, O, S), kernels.tasks(O, S)
        p, norm = emit.keep("p", O, C, S), emit.keep("norm", 1)
        sums, count = emit.scratch(n, dtype="float64"), emit.scratch(n, dtype="float64")
        check_labels(emit, label, C, ignore)
        emit(kernels.softmax, x.seen(O, C, S), p, emit.scratch(O, S), tasks=n)
        emit(kernels.log_loss, p, label.seen(O, S), self.weighing(), sums, count, ignore, tasks=n)
        emit(kernels.average, sums, count, loss, norm, given)

    def backward(self, emit, loss, x, label):
        O, C, S = classes(self.spec.axis, x.shape, label.shape)
        if emit.wants(x):
            known = emit.saved("p"), label.seen(O, S), self.weighing(), emit.saved("norm"), loss.diff
            ignore = ignored(self.param.loss_param)
            emit(kernels.log_loss_grad, *known, x.diff.seen(O, C, S), ignore, tasks=kernels.tasks(O, S))
