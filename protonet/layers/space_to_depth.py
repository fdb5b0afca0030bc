"""SpaceToDepth: the pixels of each block_size x block_size block become channels: DepthToSpace undone.

Formats NHWC and NCHW are those of DepthToSpace.  Fork: space_to_depth_layer.cpp of Synopsys.
"""

from protonet.errors import ShapeError
from protonet.layers.base import register
from protonet.layers.depth_to_space import Blocks
from protonet.layers.strides import back, turned


@register("SpaceToDepth", spec="space_to_depth_param")
class SpaceToDepth(Blocks):
    formats = "NHWC", "NCHW"

    def infer(self, x):
        s = self.spec.block_size
        if len(x) != 4:
            raise ShapeError(f"expected a bottom of 4 axes, found {x}")
        N, H, W, C = x if self.last else (x[0], *x[2:], x[1])
        if H % s or W % s:
            raise ShapeError(f"expected maps whose height and width {s} divides, found {x}")
        return [self.shape(N, H // s, W // s, C * s * s)]

    def forward(self, emit, x, y):
        parts = self.parts(y.shape)
        turned(emit, x, y, [parts[axis] for axis in self.order], back(self.order))

    def backward(self, emit, y, x):
        if emit.wants(x):
            turned(emit, y.diff, x.diff, self.parts(y.shape), self.order)
