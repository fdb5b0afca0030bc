"""Swish: y = x * sigmoid(beta * x).          arXiv:1710.05941"""

from protonet.kernels import activation as kernels
from protonet.kernels.pointwise import tasks
from protonet.layers.base import Layer, register


@register("Swish", spec="swish_param")
class Swish(Layer):
    in_place = True

    def forward(self, emit, x, y):
        if emit.wants(x):
            emit.save("x", x)
        emit(kernels.swish, x, y, self.spec.beta, tasks=tasks(x.shape))

    def backward(self, emit, y, x):
        if emit.wants(x):
            emit(kernels.swish_grad, emit.saved("x"), y.diff, x.diff, self.spec.beta, tasks=tasks(x.shape))
