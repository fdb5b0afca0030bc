"""Upsample: with one bottom, each number repeated `scale` times both ways; with a mask, max pooling undone.     (forks)

one bottom      scale, or Ascend's stride, with scale a factor of the values
x and mask      SegNet's: maps scale times as large, or upsample_h x upsample_w; pad_out_h, pad_out_w: one less
"""

from protonet.errors import ShapeError
from protonet.kernels import unpool as kernels
from protonet.layers.base import Layer, register
from protonet.layers.interpolate import maps
from protonet.layers.unpooling import emit_unpool, emit_unpool_grad


@register("Upsample", spec="upsample_param")
class Upsample(Layer):
    bottoms, constant = (1, 2), (1,)

    def times(self):
        """How many times as high and as wide, and the factor of the values."""
        spec = self.spec
        if any(spec.HasField(name) for name in ("stride", "stride_h", "stride_w")):
            both = [getattr(spec, n) if spec.HasField(n) else spec.stride for n in ("stride_h", "stride_w")]
            return (*both, spec.scale if spec.HasField("scale") else 1)
        both = [getattr(spec, n) if spec.HasField(n) else spec.scale for n in ("scale_h", "scale_w")]
        return (*both, 1)

    def infer(self, x, *mask):
        if len(x) != 4 or any(shape != x for shape in mask):
            raise ShapeError(f"expected (N, C, H, W){', and a mask of that shape' * len(mask)}, found {(x, *mask)}")
        high, wide, _ = self.times()
        size = [x[2] * high, x[3] * wide]
        if mask:
            spec = self.spec
            size = [size[0] - spec.pad_out_h, size[1] - spec.pad_out_w]
            size = [spec.upsample_h or size[0], spec.upsample_w or size[1]]
        if min(size) < 1:
            raise ShapeError(f"nothing is left of maps of {x[2]} x {x[3]}: the new size is {size[0]} x {size[1]}")
        return [(*x[:2], *size)]

    def forward(self, emit, x, *rest):
        *mask, y = rest
        if mask:
            emit_unpool(emit, x, mask[0], y)
        else:
            emit(kernels.nearest, x.seen(*maps(x.shape)), y.seen(*maps(y.shape)), *self.times(), tasks=maps(x.shape)[0])

    def backward(self, emit, y, x, *mask):
        if not emit.wants(x):
            return
        if mask:
            emit_unpool_grad(emit, y, x, mask[0])
        else:
            dy, dx = y.diff.seen(*maps(y.shape)), x.diff.seen(*maps(x.shape))
            emit(kernels.nearest_grad, dy, dx, *self.times(), tasks=maps(x.shape)[0])
