"""ReLU6: y = min(max(x, 0), 6); `n` is another bound, negative_slope that of the other side.          (forks)"""

from protonet.kernels import hard as kernels
from protonet.kernels.pointwise import tasks
from protonet.layers.base import Layer, register


@register("ReLU6", spec="relu6_param")
class ReLU6(Layer):
    in_place = True

    def forward(self, emit, x, y):
        if emit.wants(x):
            emit.save("x", x)
        emit(kernels.bounded, x, y, self.spec.negative_slope, self.spec.n, tasks=tasks(x.shape))

    def backward(self, emit, y, x):
        if emit.wants(x):
            numbers = self.spec.negative_slope, self.spec.n
            emit(kernels.bounded_grad, emit.saved("x"), y.diff, x.diff, *numbers, tasks=tasks(x.shape))
