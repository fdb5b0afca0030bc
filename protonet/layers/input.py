"""Input: tops that are filled from outside; one shape for each, or one for all."""

from protonet.errors import ShapeError
from protonet.layers.base import Layer, register


@register("Input", spec="input_param")
class Input(Layer):
    bottoms, tops, source = 0, (1, None), True

    def infer(self):
        shapes, n = [tuple(shape.dim) for shape in self.spec.shape], len(self.param.top)
        if len(shapes) not in (1, n):
            raise ShapeError(
                f"input_param gives one shape for each top, or one for all: found {len(shapes)} for {n} tops"
            )
        return shapes if len(shapes) == n else shapes * n

    def forward(self, emit, *tops):
        pass
