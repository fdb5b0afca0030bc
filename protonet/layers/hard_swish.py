"""HardSwish: y = x * min(max(alpha * x + beta, 0), 1), alpha 1/6 and beta 1/2 unless given.      arXiv:1905.02244"""

from protonet.kernels import hard as kernels
from protonet.kernels.pointwise import tasks
from protonet.layers.base import Layer, register


@register("HardSwish", spec="hard_swish_param")
class HardSwish(Layer):
    in_place = True

    def forward(self, emit, x, y):
        if emit.wants(x):
            emit.save("x", x)
        emit(kernels.hard_swish, x, y, self.spec.alpha, self.spec.beta, tasks=tasks(x.shape))

    def backward(self, emit, y, x):
        if emit.wants(x):
            numbers = self.spec.alpha, self.spec.beta
            emit(kernels.hard_swish_grad, emit.saved("x"), y.diff, x.diff, *numbers, tasks=tasks(x.shape))
