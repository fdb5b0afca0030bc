"""Mish: y = x * tanh(log(1 + exp(x))).          arXiv:1908.08681; fork: mish_layer.cpp of Synopsys"""

from protonet.kernels import mish as kernels
from protonet.kernels.pointwise import tasks
from protonet.layers.base import Layer, register


@register("Mish")
class Mish(Layer):
    in_place = True

    def forward(self, emit, x, y):
        if emit.wants(x):
            emit.save("x", x)
        emit(kernels.mish, x, y, tasks=tasks(x.shape))

    def backward(self, emit, y, x):
        if emit.wants(x):
            emit(kernels.mish_grad, emit.saved("x"), y.diff, x.diff, tasks=tasks(x.shape))
