"""BilinearInterpolate: maps of dst_h x dst_w, or larger by scale_factor, read bilinearly.          (forks)

align_corners, the default, aligns the first and the last pixels; else pixels are areas, and their middles are aligned.
"""

from protonet.errors import NetError, ShapeError
from protonet.layers.base import Layer, register
from protonet.layers.interpolate import Reading, emit_grad, emit_reading

LARGEST = 1 << 24  # no map grows so much


@register("BilinearInterpolate", spec="bilinear_interpolate_param")
class BilinearInterpolate(Layer):
    def infer(self, x):
        spec = self.spec
        if len(x) != 4:
            raise ShapeError(f"expected (N, C, H, W), found {x}")
        sized = spec.HasField("dst_h") or spec.HasField("dst_w")
        if sized == spec.HasField("scale_factor"):
            raise NetError("give the size as dst_h and dst_w, or as scale_factor")
        if sized:
            size = spec.dst_h if spec.HasField("dst_h") else x[2], spec.dst_w if spec.HasField("dst_w") else x[3]
        elif not 0 < spec.scale_factor < LARGEST:
            raise ShapeError(f"scale_factor is a number above 0 that a map can grow by, found {spec.scale_factor:g}")
        else:
            size = int(x[2] * spec.scale_factor), int(x[3] * spec.scale_factor)
        if min(*x[2:], *size) < 1:
            raise ShapeError(f"nothing is left of maps of {x[2]} x {x[3]}: the new size is {size[0]} x {size[1]}")
        return [(*x[:2], *size)]

    def reading(self, x, y):
        make = Reading.cornered if self.spec.align_corners else Reading.centred
        return make(x[2:], y[2:])

    def forward(self, emit, x, y):
        emit_reading(emit, x, y, self.reading(x.shape, y.shape))

    def backward(self, emit, y, x):
        if emit.wants(x):
            emit_grad(emit, y, x, self.reading(x.shape, y.shape))
