"""Unsqueeze: axes of size 1 put in, at the places they have in the top: `axis`, each of them, or `dim` (forks)."""

from protonet.errors import ShapeError
from protonet.layers.base import Layer, register
from protonet.layers.memory import pass_on


@register("Unsqueeze", spec="unsqueeze_param")
class Unsqueeze(Layer):
    shares = "all"

    def infer(self, x):
        given = list(self.spec.axis) or [self.spec.dim] * self.spec.HasField("dim")
        n = len(x) + len(given)
        places = {axis % n for axis in given if -n <= axis < n}
        if not given or len(places) != len(given):
            raise ShapeError(f"expected axes of the top, {n} of them, to put into shape {x}, found {given}")
        old = iter(x)
        return [tuple(1 if axis in places else next(old) for axis in range(n))]

    def forward(self, emit, x, y):
        pass_on(emit, x, y)

    def backward(self, emit, y, x):
        if emit.wants(x):
            pass_on(emit, y.diff, x.diff)
