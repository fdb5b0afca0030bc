"""Pad: a frame of pad_value around each map: pad_u rows above, pad_d below, pad_l columns left, pad_r right (forks)."""

from protonet.errors import ShapeError
from protonet.layers.base import Layer, register
from protonet.layers.interpolate import emit_reframed


@register("Pad", spec="pad_param")
class Pad(Layer):
    refused = "paddings", "constant_values"

    def infer(self, x):
        if len(x) != 4:
            raise ShapeError(f"expected (N, C, H, W), found {x}")
        N, C, H, W = x
        return [(N, C, H + self.spec.pad_u + self.spec.pad_d, W + self.spec.pad_l + self.spec.pad_r)]

    def forward(self, emit, x, y):
        emit_reframed(emit, x, y, self.spec.pad_u, self.spec.pad_l, self.spec.pad_value)

    def backward(self, emit, y, x):
        if emit.wants(x):
            emit_reframed(emit, y.diff, x.diff, -self.spec.pad_u, -self.spec.pad_l, 0)
