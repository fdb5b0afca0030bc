"""Power: y = (shift + scale * x) ** power; mostly used to scale and to shift.  A power of 0 gives 1, of 0 too."""

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
        self.constant = None
        if spec.power == 0 or spec.scale == 0:
            self.constant = raised(spec.shift, spec.power)

    def forward(self, emit, x, y):
        power, n = self.spec.power, tasks(x.shape)
        if self.constant is not None:
            emit(pointwise.fill, y, self.constant, tasks=n)
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
        if self.constant is not None:
            emit(pointwise.fill, x.diff, 0.0, tasks=n)
        elif power == 1:
            emit(pointwise.scale, y.diff, x.diff, self.spec.scale, tasks=n)
        elif power == 2:
            emit(kernels.square_grad, emit.saved("x"), y.diff, x.diff, *self.line, tasks=n)
        else:
            emit(kernels.power_grad, emit.saved("x"), y.diff, x.diff, *self.line, power, tasks=n)


def raised(x, power):
    """x ** power, as floats are raised: no errors, no complex numbers."""
    if power == 0:
        return 1.0
    if x == 0:
        return 0.0 if power > 0 else float("inf")
    return x**power if x > 0 or power == int(power) else float("nan")
