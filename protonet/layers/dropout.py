"""Dropout: in TRAIN each number is zeroed with probability dropout_ratio, and the others grow by 1 / (1 - ratio).

In TEST it is the identity: nothing is scaled there.         jmlr.org/papers/v15/srivastava14a.html
The draws are those of kernels/philox.py: the same for any number of threads, others in each iteration.
"""

from protonet.errors import NetError
from protonet.kernels import dropout as kernels
from protonet.layers.base import TEST, Layer, register
from protonet.layers.memory import pass_on


@register("Dropout", spec="dropout_param")
class Dropout(Layer):
    in_place = True

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        if not 0 <= self.spec.dropout_ratio < 1:
            raise NetError(f"dropout_ratio is at least 0 and below 1, found {self.spec.dropout_ratio:g}")

    def forward(self, emit, x, y):
        if self.phase == TEST:
            pass_on(emit, x, y)
            return
        mask, ratio = emit.keep("mask", x.count, dtype="uint8"), self.spec.dropout_ratio
        threshold, factor = round(ratio * 2**32), 1 / (1 - ratio)
        emit(kernels.dropout, x, y, mask, emit.random, emit.stream, threshold, factor, tasks=kernels.tasks(x.count))

    def backward(self, emit, y, x):
        if not emit.wants(x):
            return
        if self.phase == TEST:
            pass_on(emit, y.diff, x.diff)
        else:
            factor = 1 / (1 - self.spec.dropout_ratio)
            emit(kernels.masked, y.diff, emit.saved("mask"), x.diff, factor, tasks=kernels.tasks(x.count))
