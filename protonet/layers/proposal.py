"""Proposal: regions of interest out of a region proposal network: a row (image, x0, y0, x1, y1) for each, best first.

    bottoms   scores (N, 2 A, H, W), the second half being of objects; deltas (N, 4 A, H, W);
              im_info (N, 3 or 4): height, width, scale of the image (of its height, of its width)
    tops      rois (R, 5), [scores (R)]

A anchors are the `ratio`s times the `scale`s of base_size pixels.  Of the pre_nms_topn best, those that overlap none
better by more than nms_thresh; of these the post_nms_topn best.  arXiv:1506.01497.  Fork: proposal_layer.cpp of PVANet
(sanghoon/caffe).  The surprise: boxes below min_size pixels (of the unscaled image) score 0, but may be proposed.
"""

from math import prod

import numpy as np

from protonet.errors import NetError, ShapeError
from protonet.layers import rpn
from protonet.layers.base import Layer, register


@register("Proposal", spec="proposal_param")
class Proposal(Layer):
    bottoms, tops, dynamic, constant = 3, (1, 2), True, (0, 1, 2)
    refused = (
        "output_actual_rois_num", "anchor_base_size", "anchor_scale", "anchor_ratio", "max_rois", "rpn_min_size",
        "rpn_nms_thresh", "iou_threshold",
    )  # fmt: skip

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        spec = self.spec
        if not spec.ratio or not spec.scale or not all(0 < n < np.inf for n in (*spec.ratio, *spec.scale)):
            raise NetError("proposal_param needs ratio and scale, above 0: the shapes of its anchors")
        if min(spec.feat_stride, spec.base_size, spec.post_nms_topn) < 1:
            raise NetError("feat_stride, base_size and post_nms_topn must be at least 1")
        self.anchors = rpn.anchors(spec.base_size, spec.ratio, spec.scale)

    def infer(self, scores, deltas, info):
        A = len(self.anchors)
        if len(scores) != 4 or scores[1] != 2 * A:
            raise ShapeError(f"expected scores (N, {2 * A}, H, W), two for each of {A} anchors, found {scores}")
        if deltas != (scores[0], 4 * A, *scores[2:]):
            raise ShapeError(f"expected deltas {(scores[0], 4 * A, *scores[2:])}, four for each anchor, found {deltas}")
        if len(info) < 2 or info[0] != scores[0] or np.prod(info[1:]) < 3:
            raise ShapeError(f"expected im_info ({scores[0]}, 3), found {info}")
        R = scores[0] * self.spec.post_nms_topn
        return [(R, 5), (R,)][: len(self.param.top)]

    def compute(self, scores, deltas, info):
        spec, found = self.spec, [np.empty((0, 6), np.float32)]
        places = rpn.everywhere(self.anchors, spec.feat_stride, *scores.shape[2:])
        for n, (score, delta, (H, W, *scale)) in enumerate(
            zip(scores, deltas, info.reshape(len(info), prod(info.shape[1:])), strict=True)
        ):
            boxes = rpn.moved(places, rpn.by_place(delta).reshape(-1, 4), H, W)
            values = rpn.by_place(score[len(self.anchors) :]).reshape(-1)
            least = spec.min_size * np.array([scale[min(1, len(scale) - 1)], scale[0]], np.float32)
            values = np.where((boxes[:, 2:] - boxes[:, :2] + 1 >= least).all(1), values, np.float32(0))
            kept = rpn.best(boxes, values, spec.pre_nms_topn, spec.post_nms_topn, spec.nms_thresh)
            found.append(np.column_stack([np.full(len(kept), n, np.float32), boxes[kept], values[kept]]))
        rows = np.concatenate(found).astype(np.float32)
        return [np.ascontiguousarray(part) for part in (rows[:, :5], rows[:, 5])][: len(self.param.top)]

    def forward(self, emit, *blobs):
        """Nothing is emitted: see compute."""

    def backward(self, emit, *blobs):
        """No gradient goes through a choice."""
