"""HardSigmoid: y = min(max(alpha * x + beta, 0), 1), alpha 0.2 and beta 0.5 unless given.          (forks)"""

from protonet.kernels import hard as kernels
from protonet.kernels.pointwise import tasks
from protonet.layers.base import Layer, register


@register("HardSigmoid", spec="hard_sigmoid_param")
class HardSigmoid(Layer):
    in_place = True

    def forward(self, emit, x, y):
        emit(kernels.hard, x, y, self.spec.alpha, self.spec.beta, tasks=tasks(x.shape))
        emit.save("y", y)

    def backward(self, emit, y, x):
        if emit.wants(x):
            emit(kernels.hard_grad, emit.saved("y"), y.diff, x.diff, self.spec.alpha, tasks=tasks(x.shape))
