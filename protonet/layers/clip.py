"""Clip: y = x, but at least `min` and at most `max`.

No gradient passes where x was clipped, in place neither.  (Caffe's passes all of it in place: it looks at the result.)
"""

from protonet.errors import NetError
from protonet.kernels import activation as kernels
from protonet.kernels.pointwise import tasks
from protonet.layers.base import Layer, register


@register("Clip", spec="clip_param")
class Clip(Layer):
    in_place = True

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        for name in ("min", "max"):
            if not self.spec.HasField(name):
                raise NetError(f"clip_param has no {name}: give both min and max")

    def forward(self, emit, x, y):
        if emit.wants(x):
            emit.save("x", x)
        emit(kernels.clip, x, y, self.spec.min, self.spec.max, tasks=tasks(x.shape))

    def backward(self, emit, y, x):
        if emit.wants(x):
            bounds = self.spec.min, self.spec.max
            emit(kernels.clip_grad, emit.saved("x"), y.diff, x.diff, *bounds, tasks=tasks(x.shape))
