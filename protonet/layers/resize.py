"""Resize: maps of another height and width, read bilinearly at (h, w) * old size / new size.          (forks)

The surprise: nothing is centred, and beyond the last row and column lie zeros.  BilinearInterpolate is better.
"""

from protonet.errors import ShapeError
from protonet.layers.base import Layer, register
from protonet.layers.interpolate import Reading, emit_grad, emit_reading


@register("Resize", spec="resize_param")
class Resize(Layer):
    def infer(self, x):
        size = self.spec.height, self.spec.width
        if len(x) != 4 or min(*x[2:], *size) < 1:
            raise ShapeError(f"expected (N, C, H, W), and a height and a width above 0, found {x} and {size}")
        return [(*x[:2], *size)]

    def reading(self, x, y):
        return Reading(x[2] / y[2], 0, x[3] / y[3], 0, clamp=False)

    def forward(self, emit, x, y):
        emit_reading(emit, x, y, self.reading(x.shape, y.shape))

    def backward(self, emit, y, x):
        if emit.wants(x):
            emit_grad(emit, y, x, self.reading(x.shape, y.shape))
