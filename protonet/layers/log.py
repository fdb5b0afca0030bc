"""Log: y = log_base(shift + scale * x); base -1, the default, stands for e.  Of 0 it is -inf, of less NaN."""

from protonet.errors import NetError
from protonet.kernels import activation as kernels
from protonet.kernels.pointwise import tasks
from protonet.layers.base import Layer, register
from protonet.layers.exp import log_base


@register("Log", spec="log_param")
class Log(Layer):
    in_place = True

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        if not log_base(self.spec):
            raise NetError("there is no logarithm to base 1")
        self.numbers = 1 / log_base(self.spec), self.spec.scale, self.spec.shift

    def forward(self, emit, x, y):
        if emit.wants(x):
            emit.save("x", x)
        emit(kernels.logarithm, x, y, *self.numbers, tasks=tasks(x.shape))

    def backward(self, emit, y, x):
        if emit.wants(x):
            emit(kernels.logarithm_grad, emit.saved("x"), y.diff, x.diff, *self.numbers, tasks=tasks(x.shape))
