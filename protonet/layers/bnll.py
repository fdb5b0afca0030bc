"""BNLL: y = log(1 + exp(x)), binomial normal log likelihood, better known as softplus."""

from protonet.kernels import activation as kernels
from protonet.kernels.pointwise import tasks
from protonet.layers.base import Layer, register


@register("BNLL")
class BNLL(Layer):
    in_place = True

    def forward(self, emit, x, y):
        if emit.wants(x):
            emit.save("x", x)
        emit(kernels.bnll, x, y, tasks=tasks(x.shape))

    def backward(self, emit, y, x):
        if emit.wants(x):
            emit(kernels.bnll_grad, emit.saved("x"), y.diff, x.diff, tasks=tasks(x.shape))
