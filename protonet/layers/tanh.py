"""TanH: y = tanh(x)."""

from protonet.kernels import activation as kernels
from protonet.kernels.pointwise import tasks
from protonet.layers.base import Layer, register


@register("TanH", spec="tanh_param")
class TanH(Layer):
    in_place = True

    def forward(self, emit, x, y):
        emit(kernels.hyperbolic, x, y, tasks=tasks(x.shape))
        emit.save("y", y)

    def backward(self, emit, y, x):
        if emit.wants(x):
            emit(kernels.hyperbolic_grad, emit.saved("y"), y.diff, x.diff, tasks=tasks(x.shape))
