"""DetectionEvaluate: which of the boxes that were found are true, for the average precision of a whole test set.

    bottoms   found (1, 1, boxes, 7), as DetectionOutput gives; truth (1, 1, G, 8), see ssd/truth.py
    top       (1, 1, ., 5): for each class but the background (-1, label, ground truths, -1, -1),
              then for each box found (image, label, score, 1 if true, 1 if false)

Best first, a box is true if it overlaps a ground truth of its label by overlap_threshold, and none before it was true
of that one.  One that is true of a difficult ground truth is neither, unless evaluate_difficult_gt.
"""

import os
from pathlib import Path

import numpy as np

from protonet.errors import DataError, NetError, ShapeError
from protonet.layers.base import Layer, register
from protonet.layers.ssd import truth
from protonet.layers.ssd.overlap import jaccard

WARP = 1


@register("DetectionEvaluate", spec="detection_evaluate_param")
class DetectionEvaluate(Layer):
    bottoms, dynamic, no_gradient = 2, True, (0, 1)

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        if self.spec.num_classes < 1:
            raise NetError("num_classes must be at least 1, found none or 0")
        if not self.spec.overlap_threshold > 0:
            raise NetError(f"overlap_threshold must be above 0, found {self.spec.overlap_threshold:g}")
        if self.spec.HasField("resize_param") and self.spec.resize_param.resize_mode != WARP:
            raise NetError("resize_param with another resize_mode than WARP is not supported")
        self.sizes: np.ndarray | None = None
        self.seen = 0  # images, of those that name_size_file lists

    def infer(self, found, truth):
        for what, shape, n in (("boxes", found, 7), ("ground truth", truth, 8)):
            if len(shape) != 4 or shape[:2] != (1, 1) or shape[3] != n:
                raise ShapeError(f"expected {what} of shape (1, 1, any number, {n}), found {shape}")
        return [(1, 1, self.spec.num_classes + found[2], 5)]

    def forward(self, emit, *blobs):
        """Nothing is emitted: see compute."""

    def compute(self, found, truths):
        spec = self.spec
        gt = truth.read(truths, spec.background_label_id, spec.num_classes)
        rows = found.reshape(-1, 7)
        truth.check_small(rows, "boxes that were found")
        rows = rows[rows[:, 0].astype(int) != -1]
        if (rows[:, 1] == spec.background_label_id).any():
            raise DataError(f"a box is found of label {spec.background_label_id}, which is the background")
        counted = gt.labels if spec.evaluate_difficult_gt else gt.labels[~gt.difficult]
        classes = [c for c in range(spec.num_classes) if c != spec.background_label_id]
        made = [np.array([(-1, c, (counted == c).sum(), -1, -1) for c in classes]).reshape(-1, 5)]
        for image in np.unique(rows[:, 0]):
            boxes, here = rows[rows[:, 0] == image], gt.image(int(image))
            scale = self.scale()
            labels = np.unique(boxes[boxes[:, 1] != -1, 1])
            made += [self.judged(boxes[boxes[:, 1] == c], here.of(here.labels == c), scale) for c in labels]
        return [np.concatenate(made).astype(np.float32).reshape(1, 1, -1, 5)]

    def judged(self, rows, gt, scale):
        """The rows of the top for one label of one image."""
        if not len(gt.labels):
            return np.column_stack([rows[:, :3], np.zeros(len(rows)), np.ones(len(rows))])
        rows = rows[np.argsort(-rows[:, 2], kind="stable")]
        a, b, one = rows[:, 3:], gt.boxes, 0
        if scale is not None:
            a, b, one = (*(boxes.clip(0, 1) * scale for boxes in (a, b)), 1)
        overlaps = jaccard(a, b, one)
        nearest = overlaps.argmax(1)
        near = overlaps.max(1) >= np.float32(self.spec.overlap_threshold)
        passed = near & gt.difficult[nearest] & (not self.spec.evaluate_difficult_gt)
        judged = np.flatnonzero(near & ~passed)
        _, first = np.unique(nearest[judged], return_index=True)  # of boxes of one truth the best is true
        right = np.zeros(len(rows), bool)
        right[judged[first]] = True
        return np.column_stack([rows[:, :3], right, ~right & ~passed])

    def scale(self):
        """(w, h, w, h) of the next image by name_size_file, or None: then boxes are judged in parts of it."""
        if not self.spec.name_size_file:
            return None
        if self.sizes is None:
            self.sizes = read_sizes(self.spec.name_size_file, self.folder)
        h, w = self.sizes[self.seen % len(self.sizes)]
        self.seen += 1
        return np.array([w, h, w, h], np.float32)


def read_sizes(name, folder):
    """(height, width) of each line `name height width`; looked for here, then beside the prototxt."""
    places = [Path(name), Path(folder or ".") / name]
    path = next((p for p in places if p.is_file()), None)
    if path is None:
        raise DataError(f"name_size_file '{name}' is not there (looked in {os.getcwd()} and {Path(folder or '.')})")
    sizes = [line.split()[-2:] for line in path.read_text().splitlines() if line.strip()]
    if not sizes or not all(len(size) == 2 and all(n.isdigit() for n in size) for size in sizes):
        raise DataError(f"name_size_file '{name}': expected lines `name height width`")
    return np.array(sizes, np.int64)
