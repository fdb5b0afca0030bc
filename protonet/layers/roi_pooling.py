"""ROIPooling: of each region of interest the largest numbers of pooled_h x pooled_w bins, (R, C, pooled_h, pooled_w).

    bottoms   maps (N, C, H, W), rois (R, 5): image, x0, y0, x1, y1 in pixels, by spatial_scale places of the map

Ends are rounded and belong to the region; bins overlap where its size is no multiple, and an empty one is 0.
arXiv:1504.08083; the meaning is that of roi_pooling_layer.cpp of rbgirshick/caffe-fast-rcnn.
"""

from math import prod

from protonet.errors import ShapeError
from protonet.kernels import roi as kernels
from protonet.layers.base import Layer, register
from protonet.layers.strides import turned


def check_rois(x, rois):
    """Refuse maps and regions that are none."""
    if len(x) != 4:
        raise ShapeError(f"expected maps (N, C, H, W), found {x}")
    if not rois or prod(rois[1:]) != 5:
        raise ShapeError(f"expected regions (R, 5): image, x0, y0, x1, y1; found {rois}")


def emit_check(emit, rois, images):
    fault = emit.fault(f"region {{index}} is of image {{value}}, but the batch has {images}")
    emit(kernels.check, rois.seen(rois.shape[0], 5), fault, images)


@register("ROIPooling", spec="roi_pooling_param")
class ROIPooling(Layer):
    bottoms, constant = 2, (1,)
    refused = "pooled_size", "ringpad", "pad_ratio", "spatial_scale_h", "spatial_scale_w"

    def infer(self, x, rois):
        check_rois(x, rois)
        high, wide = self.spec.pooled_h, self.spec.pooled_w
        if min(high, wide) < 1:
            raise ShapeError(f"pooled_h and pooled_w must be at least 1, found {high} and {wide}")
        return [(rois[0], x[1], high, wide)]

    def forward(self, emit, x, rois, y):
        (N, C, H, W), R, (_, _, PH, PW) = x.shape, rois.shape[0], y.shape
        where, across = emit.keep("where", *y.shape, dtype="int32"), emit.scratch(N, H, W, C)
        emit_check(emit, rois, N)
        turned(emit, x, across, x.shape, (0, 2, 3, 1))
        known, private = (across, rois.seen(R, 5), y, where), kernels.private(C, PH * PW)
        emit(kernels.roi_pool, *known, self.spec.spatial_scale, tasks=R, private=private)

    def backward(self, emit, y, x, rois):
        if emit.wants(x):
            regions = rois.seen(rois.shape[0], 5)
            emit(kernels.roi_pool_grad, y.diff, emit.saved("where"), regions, x.diff, tasks=x.shape[1])
