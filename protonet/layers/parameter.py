"""Parameter: a learned blob as a top.  It begins as zeros, or as loaded weights; without a shape it is one number."""

from protonet.kernels import pointwise
from protonet.layers.base import Layer, Param, register
from protonet.layers.memory import pass_on


@register("Parameter", spec="parameter_param")
class Parameter(Layer):
    bottoms = 0

    def params(self):
        return [Param("parameter", tuple(self.spec.shape.dim))]

    def infer(self):
        return [self.params()[0].shape]

    def forward(self, emit, y):
        pass_on(emit, emit.params[0], y)

    def backward(self, emit, y):
        (w,) = emit.params
        if emit.wants(w):
            emit(pointwise.accumulate, y.diff, w.diff, tasks=pointwise.tasks(y.shape))
