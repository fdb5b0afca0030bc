"""PixelShuffle: (N, C * r * r, H, W) becomes (N, C, H * r, W * r), r the upscale_factor.          arXiv:1609.05158"""

from protonet.errors import ShapeError
from protonet.layers.base import Layer, register
from protonet.layers.strides import back, turned

ORDER = 0, 1, 4, 2, 5, 3  # N, C, H, r, W, r of N, C, r, r, H, W


@register("PixelShuffle", spec="pixelshuffle_param")
class PixelShuffle(Layer):
    @property
    def r(self):
        given = self.spec if self.spec.HasField("upscale_factor") else self.param.pixel_shuffle_param
        return given.upscale_factor

    def infer(self, x):
        if len(x) != 4 or self.r < 1 or x[1] % self.r**2:
            raise ShapeError(f"expected (N, C, H, W) with C a multiple of upscale_factor {self.r} squared, found {x}")
        N, C, H, W = x
        return [(N, C // self.r**2, H * self.r, W * self.r)]

    def parts(self, x):
        N, C, H, W = x
        return N, C // self.r**2, self.r, self.r, H, W

    def forward(self, emit, x, y):
        turned(emit, x, y, self.parts(x.shape), ORDER)

    def backward(self, emit, y, x):
        if emit.wants(x):
            parts = self.parts(x.shape)
            turned(emit, y.diff, x.diff, [parts[axis] for axis in ORDER], back(ORDER))
