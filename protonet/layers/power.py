"""Power: y = (shift + scale * x) ** power; mostly used to scale and to shift.  A power of 0 gives 1, of 0 too."""

import numpy as np

from protonet.kernels import activation as kernels
from protonet.kernels import pointwise
from protonet.kernels.pointwise import tasks
from protonet.layers.base import Layer, register


@register("Power", spec="power_param")
class Power(Layer):
    in_place = True

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        spec = self.spec
        self.line = spec.scale, spec.shift
        self.always = None
        if spec.power == 0 or spec.scale == 0:
            self.always = raised(spec.shift, spec.power)

    def forward(self, emit, x, y):
        power, n = self.spec.power, tasks(x.shape)
        if self.always is not None:
            emit(pointwise.fill, y, self.always, tasks=n)
        elif power == 1:
            emit(kernels.line, x, y, *self.line, tasks=n)
        else:
            if emit.wants(x):
                emit.save("x", x)
            if power == 2:
                emit(kernels.square, x, y, *self.line, tasks=n)
            else:
                emit(kernels.power, x, y, *self.line, power, tasks=n)

    def backward(self, emit, y, x):
        power, n = self.spec.power, tasks(x.shape)
        if not emit.wants(x):
            return
        if self.always is not None:
            emit(pointwise.fill, x.diff, 0.0, tasks=n)
        elif power == 1:
            emit(pointwise.scale, y.diff, x.diff, self.spec.scale, tasks=n)
        elif power == 2:
            emit(kernels.square_grad, emit.saved("x"), y.diff, x.diff, *self.line, tasks=n)
        else:
            emit(kernels.power_grad, emit.saved("x"), y.diff, x.diff, *self.line, power, tasks=n)


def raised(x, power):
    """x ** power, as floats are raised: no errors, no complex numbers."""
    with np.errstate(all="ignore"):
        return float(np.float64(x) ** power)
