"""Interp: maps of another size, read bilinearly with the first and the last pixels aligned.          (DeepLab, PSPNet)

    height, width       the new size, or
    shrink_factor s     (n - 1) / s + 1, rounded down, and then
    zoom_factor z       n + (n - 1) * (z - 1)

pad_beg and pad_end, 0 or less, cut so many rows and columns off first.
"""

from protonet.errors import NetError, ShapeError
from protonet.layers.base import Layer, register
from protonet.layers.interpolate import Reading, emit_grad, emit_reading


@register("Interp", spec="interp_param")
class Interp(Layer):
    refused = "full_zoom_factor", "interp_type"

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        spec = self.spec
        if spec.pad_beg > 0 or spec.pad_end > 0:
            raise NetError(f"pad_beg and pad_end cut off, and are 0 or less: found {spec.pad_beg} and {spec.pad_end}")
        for name in ("shrink_factor", "zoom_factor"):
            if getattr(spec, name) < 1:
                raise NetError(f"{name} is at least 1, found {getattr(spec, name)}")
        sized = spec.HasField("height"), spec.HasField("width")
        factored = spec.HasField("shrink_factor") or spec.HasField("zoom_factor")
        if any(sized) == factored or all(sized) != any(sized):
            raise NetError("give the size as height and width, or as shrink_factor, zoom_factor or both")

    def cut(self, x):
        """Height and width of what is read."""
        return [n + self.spec.pad_beg + self.spec.pad_end for n in x[2:]]

    def infer(self, x):
        if len(x) != 4:
            raise ShapeError(f"expected (N, C, H, W), found {x}")
        if self.spec.HasField("height"):
            size = [self.spec.height, self.spec.width]
        else:
            size = [(n - 1) // self.spec.shrink_factor + 1 for n in self.cut(x)]
            size = [n + (n - 1) * (self.spec.zoom_factor - 1) for n in size]
        if min(*self.cut(x), *size) < 1:
            raise ShapeError(f"nothing is left of maps of {x[2]} x {x[3]}: the new size is {size[0]} x {size[1]}")
        return [(*x[:2], *size)]

    def reading(self, x, y):
        found = Reading.cornered(self.cut(x), y[2:])
        return Reading(found.ah, -self.spec.pad_beg, found.aw, -self.spec.pad_beg)

    def forward(self, emit, x, y):
        emit_reading(emit, x, y, self.reading(x.shape, y.shape))

    def backward(self, emit, y, x):
        if emit.wants(x):
            emit_grad(emit, y, x, self.reading(x.shape, y.shape))
