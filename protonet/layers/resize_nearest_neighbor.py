"""ResizeNearestNeighbor: maps of another height and width, each pixel one of the old ones.

Sizes, modes and data_format are those of ResizeBilinear; places are rounded down, or with align_corners to the
nearest.  Fork: resize_nearest_neighbor_layer.cpp of Synopsys, as TensorFlow resizes.
"""

from protonet.kernels import pick as kernels
from protonet.layers.base import register
from protonet.layers.resize_bilinear import Resized


@register("ResizeNearestNeighbor", spec="resize_nearest_neighbor_param")
class ResizeNearestNeighbor(Resized):
    refused = ("half_pixel_onnx",)

    def places(self, emit, old, new):
        """Which rows and columns are picked."""
        for n, m in zip(old, new, strict=True):
            corners = self.spec.align_corners and m > 1
            scale = (n - 1) / (m - 1) if corners else n / m
            shift = 0.5 if self.spec.align_corners else scale / 2 if self.spec.half_pixel_centers else 0
            at = emit.scratch(m, dtype="int64")
            emit(kernels.nearest_places, at, scale, shift, n)
            yield at

    def read(self, emit, x, y):
        (N, C, H, W), (_, _, P, Q) = x.shape, y.shape
        rows, columns = self.places(emit, (H, W), (P, Q))
        emit(kernels.pick, x.seen(N * C, H, W), rows, columns, y.seen(N * C, P, Q), tasks=N * C)

    def read_grad(self, emit, dy, dx):
        (N, C, H, W), (_, _, P, Q) = dx.shape, dy.shape
        rows, columns = self.places(emit, (H, W), (P, Q))
        emit(kernels.pick_grad, dy.seen(N * C, P, Q), rows, columns, dx.seen(N * C, H, W), tasks=N * C)
