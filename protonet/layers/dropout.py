"""Dropout: in TRAIN each number is zeroed with probability dropout_ratio, and the others grow by 1 / (1 - ratio).

In TEST it is the identity: nothing is scaled there.         jmlr.org/papers/v15/srivastava14a.html
Forks: `scale_train: false` scales in TEST instead, by 1 - ratio; `sample_weights_test: true` drops in TEST too.
The draws are those of kernels/philox.py: the same for any number of threads, others in each iteration.
"""

from protonet.errors import NetError
from protonet.kernels import dropout as kernels
from protonet.kernels import pointwise
from protonet.layers.base import TEST, Layer, register
from protonet.layers.memory import pass_on


@register("Dropout", spec="dropout_param")
class Dropout(Layer):
    in_place = True

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        if not 0 <= self.spec.dropout_ratio < 1:
            raise NetError(f"dropout_ratio is at least 0 and below 1, found {self.spec.dropout_ratio:g}")

    @property
    def drops(self):
        return self.phase != TEST or self.spec.sample_weights_test

    @property
    def factor(self):
        """Of what is not dropped."""
        left = 1 - self.spec.dropout_ratio
        if self.drops:
            return 1 / left if self.spec.scale_train else 1.0
        return 1.0 if self.spec.scale_train else left

    def scaled(self, emit, x, y):
        """y <- x as in TEST."""
        if self.factor == 1:
            pass_on(emit, x, y)
        else:
            emit(pointwise.scale, x, y, self.factor, tasks=pointwise.tasks(y.shape))

    def forward(self, emit, x, y):
        if not self.drops:
            self.scaled(emit, x, y)
            return
        mask, threshold = emit.keep("mask", x.count, dtype="uint8"), round(self.spec.dropout_ratio * 2**32)
        numbers = threshold, self.factor
        emit(kernels.dropout, x, y, mask, emit.random, emit.stream, *numbers, tasks=kernels.tasks(x.count))

    def backward(self, emit, y, x):
        if not emit.wants(x):
            return
        if self.drops:
            emit(kernels.masked, y.diff, emit.saved("mask"), x.diff, self.factor, tasks=kernels.tasks(x.count))
        else:
            self.scaled(emit, y.diff, x.diff)
