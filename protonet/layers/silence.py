"""Silence: reads blobs so that they are no outputs of the net.  Their gradients are 0."""

from protonet.kernels import pointwise
from protonet.layers.base import Layer, register


@register("Silence")
class Silence(Layer):
    bottoms, tops = (1, None), 0

    def infer(self, *shapes):
        return []

    def forward(self, emit, *xs):
        pass

    def backward(self, emit, *xs):
        for x in filter(emit.wants, xs):
            emit(pointwise.fill, x.diff, 0.0, tasks=pointwise.tasks(x.shape))
