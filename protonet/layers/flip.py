"""Flip: maps (N, C, H, W) mirrored: left to right (`flip_width`, unless told otherwise), upside down (`flip_height`).

Fork: flip_layer.cpp of happynear/caffe-windows.
"""

from protonet.errors import ShapeError
from protonet.layers.base import Layer, register
from protonet.layers.strides import mirrored


@register("Flip", spec="flip_param")
class Flip(Layer):
    def infer(self, x):
        if len(x) != 4:
            raise ShapeError(f"expected (N, C, H, W), found {x}")
        return [x]

    @property
    def axes(self):
        return [2] * self.spec.flip_height + [3] * self.spec.flip_width

    def forward(self, emit, x, y):
        mirrored(emit, x, y, self.axes)

    def backward(self, emit, y, x):
        if emit.wants(x):
            mirrored(emit, y.diff, x.diff, self.axes)
