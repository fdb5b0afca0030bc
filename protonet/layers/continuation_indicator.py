"""ContinuationIndicator: what LSTM and RNN want of sequences that all begin together.

    (time_step, batch_size), 0 in the first row, else 1

Fork: continuation_indicator_layer.cpp of yalecyu/crnn.caffe, and of Intel.
"""

from protonet.errors import NetError
from protonet.kernels import pointwise
from protonet.layers.base import Layer, register


@register("ContinuationIndicator", spec="continuation_indicator_param")
class ContinuationIndicator(Layer):
    bottoms = 0

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        if min(self.spec.time_step, self.spec.batch_size) < 1:
            raise NetError("time_step and batch_size must be at least 1, found none or 0")

    def infer(self):
        return [(self.spec.time_step, self.spec.batch_size)]

    def forward(self, emit, y):
        emit(pointwise.fill, y, 1.0, tasks=pointwise.tasks(y.shape))
        first = y.seen(self.spec.batch_size)
        emit(pointwise.fill, first, 0.0, tasks=pointwise.tasks(first.shape))

    def backward(self, emit, y):
        """It learns from nothing."""
