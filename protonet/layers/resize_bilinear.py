"""ResizeBilinear: maps of another height and width, read bilinearly; beyond their ends lies more of the same.

    output_height, output_width     or, of what is not given, the old size times scale_height or scale_width

By default h is read at h * old / new.  align_corners: the last pixels are aligned as well; half_pixel_centers,
pytorch_half_pixel: pixels are areas, whose middles are aligned.  data_format says where the channels are: NHWC, where
nothing is said, or NCHW.  Fork: resize_bilinear_layer.cpp of Synopsys, as TensorFlow and ONNX resize.
"""

from math import isfinite

from protonet.errors import NetError, ShapeError
from protonet.layers.base import Layer, register
from protonet.layers.interpolate import Reading, emit_grad, emit_reading
from protonet.layers.strides import turned
from protonet.runtime.step import Blob

LAST, SECOND = (0, 3, 1, 2), (0, 2, 3, 1)


class Resized(Layer):
    """What both resizing layers of Synopsys share: read(emit, x, y) and read_grad(emit, y, x) see channels second."""

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        spec = self.spec
        if spec.data_format not in ("NHWC", "NCHW"):
            raise NetError(f"data_format is NHWC or NCHW, found {spec.data_format!r}")
        modes = [name for name in self.modes if getattr(spec, name)]
        if len(modes) > 1:
            raise NetError(f"{' and '.join(modes)} exclude each other")
        self.channels_last = spec.data_format == "NHWC"

    modes: tuple[str, ...] = ("align_corners", "half_pixel_centers")

    def infer(self, x):
        if len(x) != 4 or min(x[1:]) < 1:
            raise ShapeError(f"expected {', '.join(self.spec.data_format)} of maps of some size, found {x}")
        N, C, H, W = self.seen(x)
        sizes = []
        for name in ("scale_height", "scale_width"):
            if not isfinite(getattr(self.spec, name)):
                raise ShapeError(f"{name} is a number, found {getattr(self.spec, name)}")
        for n, name in (H, "height"), (W, "width"):
            said = self.spec.HasField(f"output_{name}")
            sizes.append(getattr(self.spec, f"output_{name}") if said else int(n * getattr(self.spec, f"scale_{name}")))
        if min(sizes) < 1:
            raise ShapeError(f"nothing is left of maps of {H} x {W}: the new size is {sizes[0]} x {sizes[1]}")
        return [(N, *sizes, C) if self.channels_last else (N, C, *sizes)]

    def seen(self, x):
        """A shape with the channels second."""
        return tuple(x[axis] for axis in LAST) if self.channels_last else tuple(x)

    def across(self, emit, x):
        """A blob or gradient, or a copy of it with the channels second."""
        if not self.channels_last:
            return x
        found = emit.scratch(*self.seen(x.shape))
        turned(emit, x, found, x.shape, LAST)
        return found

    def forward(self, emit, x, y):
        made = emit.scratch(*self.seen(y.shape)) if self.channels_last else y
        self.read(emit, self.across(emit, x), made)
        if self.channels_last:
            turned(emit, made, y, made.shape, SECOND)

    def backward(self, emit, y, x):
        if emit.wants(x):
            made = emit.scratch(*self.seen(x.shape)) if self.channels_last else x.diff
            self.read_grad(emit, self.across(emit, y.diff), made)
            if self.channels_last:
                turned(emit, made, x.diff, made.shape, SECOND)

    def read(self, emit, x, y):
        raise NotImplementedError

    def read_grad(self, emit, dy, dx):
        raise NotImplementedError


@register("ResizeBilinear", spec="resize_bilinear_param")
class ResizeBilinear(Resized):
    modes = "align_corners", "half_pixel_centers", "pytorch_half_pixel"
    refused = "output_depth", "scale_depth"

    def reading(self, old, new):
        if self.spec.align_corners:
            parts = [((n - 1) / (m - 1) if m > 1 else n / m, 0.0) for n, m in zip(old, new, strict=True)]
        elif self.spec.half_pixel_centers or self.spec.pytorch_half_pixel:
            parts = [(n / m, (n / m - 1) / 2) for n, m in zip(old, new, strict=True)]
            if self.spec.pytorch_half_pixel:
                parts = [part if m > 1 else (1.0, -0.5) for part, m in zip(parts, new, strict=True)]
        else:
            parts = [(n / m, 0.0) for n, m in zip(old, new, strict=True)]
        return Reading(*parts[0], *parts[1])

    def read(self, emit, x, y):
        emit_reading(emit, x, y, self.reading(x.shape[2:], y.shape[2:]))

    def read_grad(self, emit, dy, dx):
        emit_grad(emit, Blob(dy, dy), Blob(dx, dx), self.reading(dx.shape[2:], dy.shape[2:]))
