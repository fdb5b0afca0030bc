"""Flip: maps (N, C, H, W) mirrored: left to right (`flip_width`, unless told otherwise), upside down (`flip_height`).

Fork: flip_layer.cpp of happynear/caffe-windows.
"""

from protonet.errors import ShapeError
from protonet.layers.base import Layer, register
from protonet.layers.strides import part, strides


@register("Flip", spec="flip_param")
class Flip(Layer):
    def infer(self, x):
        if len(x) != 4:
            raise ShapeError(f"expected (N, C, H, W), found {x}")
        return [x]

    def emit_flipped(self, emit, x, y):
        steps, start = strides(x.shape), 0
        for axis, flips in (2, self.spec.flip_height), (3, self.spec.flip_width):
            if flips:
                start += steps[axis] * max(0, x.shape[axis] - 1)
                steps[axis] = -steps[axis]
        part(emit, x, y, start, x.shape, steps)

    def forward(self, emit, x, y):
        self.emit_flipped(emit, x, y)

    def backward(self, emit, y, x):
        if emit.wants(x):
            self.emit_flipped(emit, y.diff, x.diff)
