"""What a region proposal network and the regions it proposes are to learn: two of py-faster-rcnn's Python layers.

    rpn.anchor_target_layer     AnchorTargetLayer     for each anchor whether there is an object, and how far its box is
    rpn.proposal_target_layer   ProposalTargetLayer   a sample of the regions, each with its class and its box

Where the original asks its configuration, param_str may say the same in small letters: {'batch_size': 256, ...}; else
it is what the original trains end to end with (config.py, and faster_rcnn_end2end.yml: bg_thresh_lo 0, targets as
numbers of standard deviations).  arXiv:1506.01497, section 3.1.2; lib/rpn of rbgirshick/py-faster-rcnn.

The surprise: where num_classes is 2, whatever the truth's class, its box is learned as that of class 1; this is R-FCN's
class-agnostic regression, whose switch is in no prototxt.  A box that is no wider or higher than -1 is no truth.
"""

from math import prod
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np

from protonet.errors import DataError, NetError, ShapeError
from protonet.layers import rpn
from protonet.layers.python import UserLayer
from protonet.layers.ssd.overlap import jaccard

ANCHORS = dict(
    rpn_batchsize=256, rpn_fg_fraction=0.5, rpn_positive_overlap=0.7, rpn_negative_overlap=0.3, allowed_border=0,
    rpn_clobber_positives=False, rpn_bbox_inside_weights=(1, 1, 1, 1), rpn_positive_weight=-1,
    ratios=(0.5, 1, 2), scales=(8, 16, 32),
)  # fmt: skip
REGIONS = dict(
    batch_size=128, fg_fraction=0.25, fg_thresh=0.5, bg_thresh_hi=0.5, bg_thresh_lo=0.0,
    bbox_inside_weights=(1, 1, 1, 1), bbox_normalize_targets_precomputed=True, bbox_normalize_means=(0, 0, 0, 0),
    bbox_normalize_stds=(0.1, 0.1, 0.2, 0.2),
)  # fmt: skip


class Targets(UserLayer):
    """A layer that chooses: nothing of it has a gradient.  known: what param_str may say, and what it says if not."""

    chooses = True
    known: ClassVar[dict] = {}
    needs = ""
    bottoms: tuple[int, ...] = (2,)
    tops: tuple[int, ...] = (4,)

    def setup(self, bottom, top):
        from protonet.layers.published import settings

        if len(bottom) not in self.bottoms or len(top) not in self.tops:
            takes, gives = (" or ".join(map(str, counts)) for counts in (self.bottoms, self.tops))
            raise NetError(f"takes {takes} bottoms and gives {gives} tops, found {len(bottom)} and {len(top)}")
        said = settings(self.param_str)
        if not rpn.number(needed := said.get(self.needs), 1) or needed % 1:
            raise NetError(f"param_str must say {self.needs}, a whole number above 0, found {self.param_str!r}")
        for name, usual in self.known.items():
            value = said.get(name, usual)
            many = len(usual) if isinstance(usual, tuple) else 0
            found = value if isinstance(value, list | tuple) else [value]
            exact = name in ("ratios", "scales") or len(found) == max(many, 1)
            if bool(many) != isinstance(value, list | tuple) or not exact or not all(map(rpn.number, found)):
                raise NetError(f"{name} of param_str is {f'{many} numbers' if many else 'a number'}, found {value!r}")
        self.told: Any = SimpleNamespace(**{**self.known, **said, self.needs: int(needed)})

    def backward(self, top, propagate_down, bottom):
        """No gradient goes through a choice."""

    def some(self, found, n):
        """n of the numbers found, in random order."""
        return self.random.choice(found, int(min(n, len(found))), replace=False)


def rows(boxes):
    """Truth (G, 5): x0, y0, x1, y1, class; without rows whose box is none, such as those of a padded batch."""
    if not boxes.ndim or prod(boxes.shape[1:]) != 5:
        raise ShapeError(f"expected truth (G, 5): x0, y0, x1, y1, class; found {boxes.shape}")
    truth = boxes.reshape(len(boxes), 5)
    if not np.isfinite(truth).all():
        raise DataError("truth has boxes that are no numbers")
    return truth[(truth[:, 2:4] - truth[:, :2] > -1).all(1)]


def put(top, array):
    top.reshape(*array.shape)
    top.data[...] = array


class AnchorTargetLayer(Targets):
    """bottoms: scores (1, any, H, W), truth (G, 5), im_info (1, 3), [the image];
    tops: labels (1, 1, A * H, W), -1 where nothing is learned; targets, inside and outside weights (1, 4 A, H, W).
    """

    known, needs = ANCHORS, "feat_stride"
    bottoms, tops = (3, 4), (4,)

    def setup(self, bottom, top):
        super().setup(bottom, top)
        _, self.anchors = rpn.stated(vars(self.told))

    def reshape(self, bottom, top):
        if len(bottom[0].shape) != 4:
            raise ShapeError(f"expected scores (1, any, H, W), found {bottom[0].shape}")
        rpn.check_info(bottom[2].shape, 2)
        A, (H, W) = len(self.anchors), bottom[0].shape[2:]
        shapes = [(1, 1, A * H, W), *[(1, 4 * A, H, W)] * 3]
        for blob, shape in zip(top, shapes, strict=True):
            blob.reshape(*shape)

    def forward(self, bottom, top):
        if len(bottom[0].data) != 1:
            raise DataError(f"anchors are judged of one image at a time, found a batch of {len(bottom[0].data)}")
        (H, W), A = bottom[0].shape[2:], len(self.anchors)
        places = rpn.everywhere(self.anchors, self.told.feat_stride, H, W)
        high, wide = bottom[2].data.ravel()[:2]
        far, past = -self.told.allowed_border, np.array([wide, high]) + self.told.allowed_border
        inside = np.flatnonzero((places[:, :2] >= far).all(1) & (places[:, 2:] < past).all(1))
        labels, weights = np.full(len(places), -1, np.float32), np.zeros((3, len(places), 4), np.float32)
        labels[inside], weights[:, inside] = self.judged(places[inside], rows(bottom[1].data))
        put(top[0], labels.reshape(H, W, A).transpose(2, 0, 1).reshape(1, 1, A * H, W))
        for blob, values in zip(top[1:], weights, strict=True):
            put(blob, values.reshape(1, H, W, 4 * A).transpose(0, 3, 1, 2))

    def judged(self, boxes, truth):
        """Labels (M), and targets, inside and outside weights (3, M, 4), of M boxes."""
        labels = np.full(len(boxes), -1, np.float32)
        overlaps = jaccard(boxes, truth[:, :4], one=1.0)
        best = overlaps.max(1, initial=0)
        if not self.told.rpn_clobber_positives:
            labels[best < self.told.rpn_negative_overlap] = 0
        if len(boxes):  # all that overlap a truth as much as its best does; the surprise: also where that is not at all
            labels[(overlaps == overlaps.max(0)).any(1)] = 1
        labels[best >= self.told.rpn_positive_overlap] = 1
        if self.told.rpn_clobber_positives:
            labels[best < self.told.rpn_negative_overlap] = 0
        for label, most in (1, int(self.told.rpn_fg_fraction * self.told.rpn_batchsize)), (0, None):
            most = self.told.rpn_batchsize - np.count_nonzero(labels == 1) if most is None else most
            found = np.flatnonzero(labels == label)
            labels[self.some(found, len(found) - most) if len(found) > most else []] = -1
        made = np.zeros((3, len(boxes), 4), np.float32)
        if len(truth):
            made[0] = rpn.deltas(boxes, truth[overlaps.argmax(1), :4])
        made[1][labels == 1] = self.told.rpn_bbox_inside_weights
        part = self.told.rpn_positive_weight
        for label in 0, 1:
            mine = labels == label
            whole, among = (1.0, labels >= 0) if part < 0 else (part if label else 1 - part, mine)
            made[2][mine] = whole / np.maximum(1, np.count_nonzero(among))
        return labels, made


class ProposalTargetLayer(Targets):
    """bottoms: rois (R, 5), truth (G, 5); tops: rois (S, 5, 1, 1), labels (S, 1, 1, 1), targets, inside and outside
    weights (S, 4 num_classes, 1, 1): R-FCN's shapes; Faster R-CNN's end before the ones.
    batch_size -1: all of them (R-FCN, which chooses by loss).
    """

    known, needs = REGIONS, "num_classes"
    tops = (5,)

    def reshape(self, bottom, top):
        n = self.told.batch_size if self.told.batch_size > 0 else bottom[0].num + bottom[1].num
        for blob, numbers in zip(top, (5, 1, *[4 * self.told.num_classes] * 3), strict=True):
            blob.reshape(n, numbers, 1, 1)

    def forward(self, bottom, top):
        truth, rois = rows(bottom[1].data), bottom[0].data.reshape(bottom[0].num, prod(bottom[0].shape[1:]))
        if rois.shape[1] != 5:
            raise ShapeError(f"expected regions (R, 5): image, x0, y0, x1, y1; found {bottom[0].shape}")
        rois = np.concatenate([rois, np.column_stack([np.zeros(len(truth), np.float32), truth[:, :4]])])
        if rois[:, 0].any():
            raise DataError(f"regions are of one image, the first; found one of image {rois[:, 0].max():g}")
        overlaps = jaccard(rois[:, 1:], truth[:, :4], one=1.0)
        best = overlaps.max(1, initial=0)
        most = self.told.batch_size if self.told.batch_size > 0 else len(rois)
        fg = np.flatnonzero(best >= self.told.fg_thresh)
        fg = self.some(fg, np.round(self.told.fg_fraction * most) if self.told.batch_size > 0 else len(fg))
        bg = np.flatnonzero((best < self.told.bg_thresh_hi) & (best >= self.told.bg_thresh_lo))
        bg = self.some(bg, most - len(fg))
        chosen = np.concatenate([fg, bg])
        labels, moves = np.zeros(len(chosen), np.float32), np.zeros((len(fg), 4), np.float32)
        if len(fg):
            mine = truth[overlaps[fg].argmax(1)]
            labels[: len(fg)], moves = mine[:, 4], rpn.deltas(rois[fg, 1:], mine[:, :4])
        if self.told.bbox_normalize_targets_precomputed:
            moves = (moves - self.told.bbox_normalize_means) / self.told.bbox_normalize_stds
        made = self.spread(labels, moves)
        for blob, values in zip(top, [rois[chosen], labels, *made, made[1] > 0], strict=True):
            put(blob, values.reshape(len(labels), prod(values.shape[1:]), 1, 1))

    def spread(self, labels, moves):
        """Targets and inside weights, (2, S, 4 num_classes): those of its class alone."""
        made = np.zeros((2, len(labels), self.told.num_classes, 4), np.float32)
        given = labels[: len(moves)]
        if self.told.num_classes == 2:
            given = np.minimum(given, 1)
        bad = ~((given > -1) & (given < self.told.num_classes))
        if bad.any():
            raise DataError(f"a truth is of class {given[bad][0]:g}, but there are 0 to {self.told.num_classes - 1}")
        classes = given.astype(np.int64)
        there = np.flatnonzero(classes > 0)
        made[0, there, classes[there]] = moves[there]
        made[1, there, classes[there]] = self.told.bbox_inside_weights
        return made.reshape(2, len(labels), -1)
