"""LabelSpecificAdd: `bias` added to the score of the right class, where that is above -bias: AM-Softmax with -0.35.

bottoms: scores (N, C), labels (N).  In TEST the scores pass as they are, unless transform_test.     arXiv:1801.05599

Fork: label_specific_add.cpp of happynear/caffe-windows.  What changes the bias as training goes on (bias_base and what
belongs to it) is refused.  The gradient passes as it is, over the bound too.
"""

from math import prod

from protonet.errors import ShapeError
from protonet.kernels import labels
from protonet.kernels import triplets as kernels
from protonet.layers.base import TRAIN, Layer, register
from protonet.layers.loss import check_labels
from protonet.layers.memory import pass_on, three


@register("LabelSpecificAdd", spec="label_specific_add_param")
class LabelSpecificAdd(Layer):
    bottoms, no_gradient = 2, (1,)

    def infer(self, x, label):
        if len(x) < 2 or prod(label) != x[0]:
            raise ShapeError(f"expected scores (N, C) and N labels, found {x} and {label}")
        return [x]

    def forward(self, emit, x, label, y):
        N, A = three(x.shape, 1, len(x.shape))[:2]
        adds = self.phase == TRAIN or self.spec.transform_test
        if adds:
            check_labels(emit, label, A, labels.NO_LABEL)
        emit(kernels.label_add, x.seen(N, A), label.seen(N), y.seen(N, A), self.spec.bias, int(adds), tasks=N)

    def backward(self, emit, y, x, label):
        if emit.wants(x):
            pass_on(emit, y.diff, x.diff)
