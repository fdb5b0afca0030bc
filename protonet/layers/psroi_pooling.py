"""PSROIPooling: position-sensitive pooling: bin (i, j) of a region is the mean of channel (d, i, j) there.

    bottoms   maps (N, output_dim * group_size ** 2, H, W), rois (R, 5): image, x0, y0, x1, y1 in pixels
    top       (R, output_dim, group_size, group_size)

Other than in ROIPooling a region is not rounded to places of the map: only its bins are, outwards.  arXiv:1605.06409;
the meaning is that of psroi_pooling_layer.cu of daijifeng001/caffe-rfcn, as psroi_pooling_layer.cpp of Intel's fork has
it for a CPU.
"""

from protonet.errors import ShapeError
from protonet.kernels import roi as kernels
from protonet.layers.base import Layer, register
from protonet.layers.roi_pooling import check_rois, emit_check


@register("PSROIPooling", spec="psroi_pooling_param")
class PSROIPooling(Layer):
    bottoms, constant = 2, (1,)

    def infer(self, x, rois):
        check_rois(x, rois)
        spec = self.spec
        D, G = spec.output_dim, spec.group_size
        if min(D, G) < 1 or not spec.spatial_scale > 0:
            raise ShapeError("output_dim, group_size and spatial_scale must be above 0")
        if x[1] != D * G * G:
            raise ShapeError(f"expected {D * G * G} channels, output_dim {D} x group_size {G} x {G}; found {x[1]}")
        return [(rois[0], D, G, G)]

    def bins(self, emit, x, rois):
        """The regions, and where their bins lie."""
        (N, _, H, W), R, G = x.shape, rois.shape[0], self.spec.group_size
        found = rois.seen(R, 5), *(emit.scratch(R, G, 2, dtype="int64") for _ in range(2))
        emit(kernels.parts, *found, self.spec.spatial_scale, N, H, W, tasks=R)
        return found

    def forward(self, emit, x, rois, y):
        emit_check(emit, rois, x.shape[0])
        emit(kernels.psroi_pool, x, *self.bins(emit, x, rois), y, tasks=x.shape[1])

    def backward(self, emit, y, x, rois):
        if emit.wants(x):
            emit(kernels.psroi_pool_grad, y.diff, *self.bins(emit, x, rois), x.diff, tasks=x.shape[1])
