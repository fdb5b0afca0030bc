"""ROIWarping: regions of interest warped to pooled_h x pooled_w, (R, C, pooled_h, pooled_w).                     (MNC)

    bottoms   maps (N, C, H, W), rois (R, 5): image, x0, y0, x1, y1 in pixels, by spatial_scale places of the map

Ends are rounded; a bin is the largest of what is read bilinearly at places not more than a pixel apart in it, edges
included, and 0 outside of the map.  arXiv:1512.04412; roi_warping_layer.cu of daijifeng001/caffe-mnc.  The surprise:
the regions' own gradient, which MNC trains with, is not given: boxes that learn from here are refused.
"""

from protonet.errors import ShapeError
from protonet.kernels import warp as kernels
from protonet.layers.base import Layer, register
from protonet.layers.roi_pooling import check_rois, emit_check
from protonet.layers.strides import turned


@register("ROIWarping", spec="roi_warping_param")
class ROIWarping(Layer):
    bottoms, no_gradient = 2, (1,)

    def infer(self, x, rois):
        check_rois(x, rois)
        high, wide = self.spec.pooled_h, self.spec.pooled_w
        if min(high, wide) < 1:
            raise ShapeError(f"pooled_h and pooled_w must be at least 1, found {high} and {wide}")
        return [(rois[0], x[1], high, wide)]

    def forward(self, emit, x, rois, y):
        (N, C, H, W), (R, _, PH, PW) = x.shape, y.shape
        where, across = emit.keep("where", R, PH, PW, C, dtype="int32"), emit.scratch(N, H, W, C)
        found = emit.scratch(R, PH, PW, C)
        emit_check(emit, rois, N)
        turned(emit, x, across, x.shape, (0, 2, 3, 1))
        emit(kernels.warp, across, rois.seen(R, 5), found, where, self.spec.spatial_scale, tasks=R)
        turned(emit, found, y, (R, PH, PW, C), (0, 3, 1, 2))

    def backward(self, emit, y, x, rois):
        if emit.wants(x):
            known = y.diff, emit.saved("where"), rois.seen(rois.shape[0], 5), x.diff
            emit(kernels.warp_grad, *known, self.spec.spatial_scale, tasks=x.shape[1])
