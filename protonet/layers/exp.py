"""Exp: y = base ** (shift + scale * x); base -1, the default, stands for e."""

from math import log

import numpy as np

from protonet.errors import NetError
from protonet.kernels import activation as kernels
from protonet.kernels.pointwise import tasks
from protonet.layers.base import Layer, register


def log_base(spec):
    """log of the base of an Exp or a Log."""
    if spec.base != -1 and spec.base <= 0:
        raise NetError(f"base is above 0, or -1 for e, found {spec.base:g}")
    return 1.0 if spec.base == -1 else log(spec.base)


@register("Exp", spec="exp_param")
class Exp(Layer):
    in_place = True

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        self.rate = log_base(self.spec) * self.spec.scale

    def forward(self, emit, x, y):
        with np.errstate(all="ignore"):  # too large a shift is infinity, as it is for an x that large
            factor = float(np.exp(np.float64(log_base(self.spec) * self.spec.shift)))
        emit(kernels.exponential, x, y, factor, self.rate, tasks=tasks(x.shape))
        emit.save("y", y)

    def backward(self, emit, y, x):
        if emit.wants(x):
            emit(kernels.product_grad, emit.saved("y"), y.diff, x.diff, self.rate, tasks=tasks(x.shape))
