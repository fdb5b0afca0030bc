"""AbsVal: y = |x|.  The gradient at 0 is 0."""

from protonet.kernels import activation as kernels
from protonet.kernels.pointwise import tasks
from protonet.layers.base import Layer, register


@register("AbsVal")
class AbsVal(Layer):
    in_place = True

    def forward(self, emit, x, y):
        if emit.wants(x):
            emit.save("x", x)
        emit(kernels.absval, x, y, tasks=tasks(x.shape))

    def backward(self, emit, y, x):
        if emit.wants(x):
            emit(kernels.absval_grad, emit.saved("x"), y.diff, x.diff, tasks=tasks(x.shape))
