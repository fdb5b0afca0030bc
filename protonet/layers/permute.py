"""Permute: the axes in another order; those that `order` leaves out follow as they were.          (SSD)"""

from protonet.errors import ShapeError
from protonet.layers.base import Layer, register
from protonet.layers.strides import back, turned


@register("Permute", spec="permute_param")
class Permute(Layer):
    def order(self, x):
        given = list(self.spec.order)
        if len(set(given)) != len(given) or max(given, default=0) >= len(x):
            raise ShapeError(f"order names each axis of a blob of shape {x} at most once, found {given}")
        return given + [axis for axis in range(len(x)) if axis not in given]

    def infer(self, x):
        return [tuple(x[axis] for axis in self.order(x))]

    def forward(self, emit, x, y):
        turned(emit, x, y, x.shape, self.order(x.shape))

    def backward(self, emit, y, x):
        if emit.wants(x):
            order = self.order(x.shape)
            turned(emit, y.diff, x.diff, y.shape, back(order))
