"""EvalDetection: which of the boxes of a YOLOv2 are true: (N, num_class + side ** 2 * num_object * 4).

    bottoms   map (N, num_object * (5 + num_class), side, side), truth (N, 30, 5): class, x, y, w, h up to the
              first x of 0; or SSD's rows of 8, as RegionLoss takes them; a third, the images, is not read
    top       how many truths each class has, then for each box (class, score, 1 if true, 1 if false), the rest 0

A box's class is its likeliest; score_type says whether its score is that of an object, of its class, or their product.
Boxes that overlap a better one by `nms` go, and those that score below 0.005.  The surprise: a box of a class that is
there, which overlaps no truth by `threshold`, is neither true nor false.  Fork: eval_detection_layer.cpp of
choasup/caffe-yolo9000, and of Intel's.
"""

from math import prod

import numpy as np

from protonet.errors import NetError, ShapeError
from protonet.layers import yolo
from protonet.layers.base import Layer, register
from protonet.layers.region_loss import check_classes, rows_of
from protonet.layers.ssd.overlap import jaccard

OBJ, PROB = 0, 1
LEAST = np.float32(0.005)


@register("EvalDetection", spec="eval_detection_param")
class EvalDetection(Layer):
    bottoms, no_gradient = (2, 3), (0, 1, 2)

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        spec = self.spec
        if not spec.nms >= 0:
            raise NetError("nms, the overlap from which a worse box goes, must be given, at least 0")
        if len(spec.biases) < 2 * spec.num_object or spec.num_object < 1:
            raise NetError(f"biases are two numbers for each of {spec.num_object} anchors, found {len(spec.biases)}")
        if min(spec.side, spec.num_class) < 1:
            raise NetError(f"side and num_class must be at least 1, found {spec.side} and {spec.num_class}")

    def infer(self, x, truth, *images):
        spec = self.spec
        expected = spec.num_object * (5 + spec.num_class), spec.side, spec.side
        if x[1:] != expected:
            raise ShapeError(f"expected a map {('N', *expected)}, for {spec.num_object} anchors, found {x}")
        if not truth or (truth[-1] != 8 and (truth[0] != x[0] or prod(truth[1:]) % 5)):
            raise ShapeError(f"expected truth ({x[0]}, any number, 5), or rows of 8, found {truth}")
        return [(x[0], spec.num_class + spec.side**2 * spec.num_object * 4)]

    def forward(self, emit, x, truth, *rest):
        emit.host(self.run, x, truth, rest[-1], out=[rest[-1]])

    def backward(self, emit, *blobs):
        """It judges, and teaches nothing."""

    def run(self, x, truth, y):
        if not len(x):
            return
        spec = self.spec
        cells = yolo.split(x, spec.num_object)
        biases = np.array(spec.biases, np.float32)[: 2 * spec.num_object].reshape(-1, 2) / spec.side
        boxes = yolo.corners(yolo.centered(cells, biases)).reshape(len(x), -1, 4)
        p = yolo.softmax(cells[..., 5:]).reshape(len(x), -1, spec.num_class)
        there = yolo.sigmoid(cells[..., 4]).reshape(len(x), -1)
        y[...] = 0
        for n, rows in enumerate(self.rows_of(truth, len(x))):
            check_classes(rows[:, 0], spec.num_class)
            labels, best = p[n].argmax(-1), p[n].max(-1)
            scores = there[n] if spec.score_type == OBJ else best if spec.score_type == PROB else there[n] * best
            chosen = yolo.kept(boxes[n], scores, spec.nms)
            chosen = chosen[scores[chosen] >= LEAST]
            chosen = chosen[np.argsort(labels[chosen], kind="stable")]
            y[n, : spec.num_class] = np.bincount(rows[:, 0].astype(int), minlength=spec.num_class)
            made = self.judged(boxes[n][chosen], labels[chosen], scores[chosen], rows)
            y[n, spec.num_class : spec.num_class + made.size] = made.ravel()

    def rows_of(self, truth, N):
        """(class, x, y, w, h) of the truths of each image."""
        if truth.shape[-1] == 8:
            return rows_of(truth, N, self.spec.num_class)
        listed = truth.reshape(N, -1, 5)
        ends = [np.flatnonzero(rows[:, 1] == 0) for rows in listed]
        return [rows[: end[0]] if len(end) else rows for rows, end in zip(listed, ends, strict=True)]

    def judged(self, boxes, labels, scores, rows):
        """(class, score, true, false) of each box."""
        made = np.column_stack([labels, scores, 0 * scores, 0 * scores]).astype(np.float32)
        alike = rows[:, 0].astype(int) == labels[:, None]
        known = alike.any(1)
        made[~known, 3] = 1  # of a class that is not there
        if known.any():
            overlaps = np.where(alike, jaccard(boxes, yolo.corners(rows[:, 1:])), -1)
            best = overlaps.argmax(1)
            good = np.flatnonzero(known & (overlaps.max(1) >= np.float32(self.spec.threshold)))
            _, first = np.unique(best[good], return_index=True)  # of boxes of one truth the first is true
            made[good, 3] = 1
            made[good[first], 2:] = 1, 0
        return made
