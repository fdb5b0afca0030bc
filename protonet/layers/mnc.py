"""The Python layers with which a multi-task network cascade is tested (MNC, daijifeng001; lib/pylayer).

    pylayer.proposal_layer       ProposalLayer       Faster R-CNN's: see published.py
    pylayer.mask_layer           MaskLayer           masks (R, 21 * 21) as maps (R, 1, 21, 21)
    pylayer.stage_bridge_layer   StageBridgeLayer    regions, each moved as its likeliest class says

What they do in training, where gradients go through boxes, is not built in: then the cascade's own modules are needed.
arXiv:1512.04412
"""

import numpy as np

from protonet.errors import DataError, NetError, ShapeError
from protonet.layers import rpn
from protonet.layers.python import UserLayer

SIDE = 21


class Tested(UserLayer):
    chooses = True
    takes = 1

    def setup(self, bottom, top):
        if len(bottom) != self.takes or len(top) != 1:
            raise NetError(
                f"{type(self).__name__} is built in as it tests, with {self.takes} bottoms and 1 top: "
                f"found {len(bottom)} and {len(top)}; to train, put MNC's lib in PYTHONPATH"
            )

    def backward(self, top, propagate_down, bottom):
        """None in testing."""


class MaskLayer(Tested):
    """bottom: masks (R, 441, ...); top: (R, 1, 21, 21)."""

    def reshape(self, bottom, top):
        if bottom[0].count != bottom[0].num * SIDE**2:
            raise ShapeError(f"expected masks (R, {SIDE**2}), found {bottom[0].shape}")
        top[0].reshape(bottom[0].num, 1, SIDE, SIDE)

    def forward(self, bottom, top):
        top[0].data[...] = bottom[0].data.reshape(top[0].shape)


class StageBridgeLayer(Tested):
    """bottoms: rois (R, 5), deltas (R, 4 K), scores of K classes (R, K), im_info (1, 3); top: rois (R, 5)."""

    takes = 4

    def reshape(self, bottom, top):
        rois, deltas, scores, _ = bottom
        K = scores.count // max(1, scores.num)
        if rois.count != 5 * rois.num or deltas.count != 4 * K * rois.num or scores.num != rois.num:
            found = ", ".join(str(blob.shape) for blob in bottom[:3])
            raise ShapeError(f"expected rois (R, 5), deltas (R, 4 K), scores (R, K); found {found}")
        rpn.check_info(bottom[3].shape, 2)
        top[0].reshape(rois.num, 5)

    def forward(self, bottom, top):
        rois, deltas, scores, info = (blob.data for blob in bottom)
        R, boxes = len(rois), rois.reshape(-1, 5)
        if boxes[:, 0].any():
            raise DataError(f"regions are of one image, the first; found one of image {boxes[:, 0].max():g}")
        if R:
            label = scores.reshape(R, -1).argmax(1)
            moves = deltas.reshape(R, -1, 4)[np.arange(R), label]
            top[0].data[:, 1:] = rpn.moved(boxes[:, 1:], moves, *info.ravel()[:2])
        top[0].data[:, 0] = 0
