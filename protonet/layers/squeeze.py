"""Squeeze: axes of size 1 taken out: those that `axis` lists, or all.          (forks)"""

from protonet.errors import ShapeError
from protonet.layers.base import Layer, axis_of, register
from protonet.layers.memory import pass_on


@register("Squeeze", spec="squeeze_param")
class Squeeze(Layer):
    shares = "all"

    def infer(self, x):
        gone = {axis_of(axis, x) for axis in self.spec.axis} or {i for i, n in enumerate(x) if n == 1}
        for axis in gone:
            if x[axis] != 1:
                raise ShapeError(f"axis {axis} of shape {x} has size {x[axis]}, and only size 1 can be taken out")
        return [tuple(n for i, n in enumerate(x) if i not in gone)]

    def forward(self, emit, x, y):
        pass_on(emit, x, y)

    def backward(self, emit, y, x):
        if emit.wants(x):
            pass_on(emit, y.diff, x.diff)
