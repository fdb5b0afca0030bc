"""Threshold: y = 1 where x > threshold, else 0.  It passes no gradient."""

from protonet.kernels import activation as kernels
from protonet.kernels.pointwise import tasks
from protonet.layers.base import Layer, register


@register("Threshold", spec="threshold_param")
class Threshold(Layer):
    in_place, no_gradient = True, (0,)

    def forward(self, emit, x, y):
        emit(kernels.threshold, x, y, self.spec.threshold, tasks=tasks(x.shape))
