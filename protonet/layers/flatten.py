"""Flatten: the axes from `axis` to `end_axis`, both included, become one."""

from math import prod

from protonet.errors import ShapeError
from protonet.layers.base import Layer, axis_of, register
from protonet.layers.memory import pass_on


@register("Flatten", spec="flatten_param")
class Flatten(Layer):
    shares = "all"

    def infer(self, x):
        first, last = axis_of(self.spec.axis, x), axis_of(self.spec.end_axis, x, "end_axis")
        if last < first:
            raise ShapeError(f"end_axis {self.spec.end_axis} lies before axis {self.spec.axis} in a blob of shape {x}")
        return [(*x[:first], prod(x[first : last + 1]), *x[last + 1 :])]

    def forward(self, emit, x, y):
        pass_on(emit, x, y)

    def backward(self, emit, y, x):
        if emit.wants(x):
            pass_on(emit, y.diff, x.diff)
