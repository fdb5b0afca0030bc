"""Padding: pad_beg rows and columns of zeros before each map, pad_end behind; negative ones cut so many off.

Fork: padding_layer.cpp of DeepLab, where it brings a map and its labels to one size.
"""

from protonet.errors import ShapeError
from protonet.layers.base import Layer, register
from protonet.layers.interpolate import emit_reframed


@register("Padding", spec="padding_param")
class Padding(Layer):
    def infer(self, x):
        if len(x) != 4:
            raise ShapeError(f"expected (N, C, H, W), found {x}")
        more = self.spec.pad_beg + self.spec.pad_end
        y = (*x[:2], x[2] + more, x[3] + more)
        if min(y[2:]) < 1 or min(self.common(x)[2:]) < 1:
            raise ShapeError(f"pad_beg {self.spec.pad_beg} and pad_end {self.spec.pad_end} leave nothing of {x}")
        return [y]

    def common(self, x):
        """The shape of what both maps have."""
        cut = sum(min(pad, 0) for pad in (self.spec.pad_beg, self.spec.pad_end))
        return (*x[:2], x[2] + cut, x[3] + cut)

    def forward(self, emit, x, y):
        emit_reframed(emit, x, y, *[self.spec.pad_beg] * 2)

    def backward(self, emit, y, x):
        if emit.wants(x):
            emit_reframed(emit, y.diff, x.diff, *[-self.spec.pad_beg] * 2)
