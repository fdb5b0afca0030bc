"""DepthToSpace: block_size x block_size channels become the pixels of a block, (N, H, W, C s s) -> (N, H s, W s, C).

    NHWC, NCHW, DCR     channels read as (s, s, C): TensorFlow's order, and ONNX's DCR; the last two have them second
    CRD                 channels read as (C, s, s), second: the order of PixelShuffle

Fork: depth_to_space_layer.cpp of Synopsys.  The surprise: where data_format is not given, channels come last.
"""

from protonet.errors import NetError, ShapeError
from protonet.layers.base import Layer, register
from protonet.layers.strides import back, turned

# the bottom's parts, and the order of them in the top: N, then what height, width and channels are made of
SEEN = {
    "NHWC": ("nhwabc", "nhawbc"),
    "NCHW": ("nabchw", "nchawb"),
    "DCR": ("nabchw", "nchawb"),
    "CRD": ("ncabhw", "nchawb"),
}


class Blocks(Layer):
    """What both directions share: which axes of the deep side become which of the wide one."""

    formats: tuple[str, ...] = tuple(SEEN)

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        if self.spec.data_format not in self.formats:
            raise NetError(f"data_format is {', '.join(self.formats)}, found {self.spec.data_format!r}")
        if self.spec.block_size < 1:
            raise NetError(f"block_size is at least 1, found {self.spec.block_size}")
        self.deep, wide = SEEN[self.spec.data_format]
        self.order = [self.deep.index(part) for part in wide]

    @property
    def last(self):
        return self.spec.data_format == "NHWC"

    def parts(self, deep):
        """The sizes of the parts of the deep side, of this shape."""
        N, H, W, C = deep if self.last else (deep[0], *deep[2:], deep[1])
        s = self.spec.block_size
        sizes = dict(n=N, h=H, w=W, a=s, b=s, c=C // (s * s))
        return [sizes[part] for part in self.deep]

    def shape(self, N, H, W, C):
        return (N, H, W, C) if self.last else (N, C, H, W)


@register("DepthToSpace", spec="depth_to_space_param")
class DepthToSpace(Blocks):
    def infer(self, x):
        s = self.spec.block_size
        if len(x) != 4 or x[3 if self.last else 1] % (s * s):
            raise ShapeError(f"expected four axes, and channels that {s * s} divides, found {x}")
        N, H, W, C = x if self.last else (x[0], *x[2:], x[1])
        return [self.shape(N, H * s, W * s, C // (s * s))]

    def forward(self, emit, x, y):
        turned(emit, x, y, self.parts(x.shape), self.order)

    def backward(self, emit, y, x):
        if emit.wants(x):
            parts = self.parts(x.shape)
            turned(emit, y.diff, x.diff, [parts[axis] for axis in self.order], back(self.order))
