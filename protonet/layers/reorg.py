"""Reorg: s x s pixels of a map become channels, (N, C, H, W) -> (N, C * s * s, H / s, W / s); `reverse` undoes it.

    y, read as (N, s, s, C / s ** 2, H, W)  =  x, read as (N, C / s ** 2, H, s, W, s), axes 0 3 5 1 2 4

The surprise is darknet's, which YOLOv2's weights are trained with: it reads x with channels that it has not, so that
neither pixels nor channels stay together.  (PixelShuffle's inverse is the orderly way.)  Fork: reorg_layer.cpp of
gklz1982/caffe-yolov2, and of Synopsys.
"""

from protonet.errors import ShapeError
from protonet.layers.base import Layer, register
from protonet.layers.strides import back, turned

ORDER = 0, 3, 5, 1, 2, 4


@register("Reorg", spec="reorg_param")
class Reorg(Layer):
    def infer(self, x):
        s = self.spec.stride
        if len(x) != 4 or s < 1:
            raise ShapeError(f"expected (N, C, H, W), and a stride of at least 1, found {x} and stride {s}")
        N, C, H, W = x
        if C % (s * s) or (not self.spec.reverse and (H % s or W % s)):
            what = f"{s * s} must divide the channels" + ("" if self.spec.reverse else f", and {s} height and width")
            raise ShapeError(f"stride {s} does not fit {x}: {what}")
        return [(N, C // (s * s), H * s, W * s) if self.spec.reverse else (N, C * s * s, H // s, W // s)]

    def parts(self, x):
        """The shape that darknet reads, of the bottom's sizes."""
        (N, C, H, W), s = x, self.spec.stride
        return N, C // (s * s), H, s, W, s

    def turn(self, emit, a, b, shape, forward):
        """b <- a in one of the two orders."""
        parts = self.parts(shape)
        if forward:
            turned(emit, a, b, parts, ORDER)
        else:
            turned(emit, a, b, [parts[axis] for axis in ORDER], back(ORDER))

    def forward(self, emit, x, y):
        self.turn(emit, x, y, x.shape, not self.spec.reverse)

    def backward(self, emit, y, x):
        if emit.wants(x):
            self.turn(emit, y.diff, x.diff, x.shape, self.spec.reverse)
