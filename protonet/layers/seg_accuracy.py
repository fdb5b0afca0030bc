"""SegAccuracy: how well each pixel is classed: (accuracy, mean recall, mean intersection over union) as (1, 1, 1, 3).

    bottoms   scores (N, C, H, W), labels (N, 1, H, W); pixels with an ignore_label do not count
    tops      the three over all classes; for each output_label (precision, recall, intersection over union) of it

The mean recall is over classes that are there; a class that is neither there nor found counts 1 in the last.  A tie
goes to the last class.  With reset: false all batches since the net was made count.  Forks: seg_accuracy_layer.cpp of
DeepLab, and with output_label of hszhao/PSPNet.
"""

import numpy as np

from protonet.errors import DataError, NetError, ShapeError
from protonet.layers.base import Layer, register
from protonet.runtime.step import Buffer

LARGEST = 1 << 40  # more than any class


@register("SegAccuracy", spec="seg_accuracy_param")
class SegAccuracy(Layer):
    bottoms, tops, constant = 2, (1, None), (0, 1)
    refused = ("metric",)

    def check_counts(self):
        super().check_counts()
        if len(self.param.top) != 1 + len(self.spec.output_label):
            raise NetError(f"has a top and one more for each output_label, expected {1 + len(self.spec.output_label)}")

    def infer(self, x, label):
        if len(x) != 4 or label != (x[0], 1, *x[2:]) or x[1] < 1:
            raise ShapeError(f"expected scores (N, C, H, W) and labels (N, 1, H, W), found {x} and {label}")
        C = max(x[1], 2)
        for given in self.spec.output_label:
            if not 0 <= given < C:
                raise ShapeError(f"output_label {given} is none of {C} classes")
        return [(1, 1, 1, 3)] * len(self.param.top)

    def forward(self, emit, x, label, *tops):
        C = max(x.shape[1], 2)
        counts = Buffer((C, C), "own", f"{self.name} confusion", "float64")
        emit.host(self.run, x, label, counts, *tops, out=[counts, *tops])

    def backward(self, emit, *blobs):
        """It judges, and teaches nothing."""

    def run(self, x, label, counts, *tops):
        C = len(counts)
        found = C - 1 - x[:, ::-1].argmax(1) if x.shape[1] > 1 else (x[:, 0] > 0.5).astype(int)
        given = label[:, 0]
        whole = np.trunc(np.where(abs(given) < LARGEST, given, LARGEST)).astype(np.int64)  # of a NaN no int is made
        chosen = ~np.isin(whole, list(self.spec.ignore_label))
        bad = chosen & ((whole < 0) | (whole >= C))
        if bad.any():
            at = tuple(map(int, np.argwhere(bad)[0]))
            raise DataError(f"label {given[at]:g} at image, row, column {at} is no class: the classes are 0 to {C - 1}")
        if self.spec.reset:
            counts[...] = 0
        counts += np.bincount(C * whole[chosen] + found[chosen], minlength=C * C).reshape(C, C)
        right, there, seen = counts.diagonal(), counts.sum(1), counts.sum(0)
        with np.errstate(invalid="ignore", divide="ignore"):
            precision, recall, union = right / seen, right / there, right / (there + seen - right)
            union = np.where(right == there + seen - right, 1, union)
            known = recall[there > 0]
            shares = right.sum() / counts.sum(), known.mean() if len(known) else np.nan, union.mean()
        tops[0][...] = shares
        for top, k in zip(tops[1:], self.spec.output_label, strict=True):
            top[...] = precision[k], recall[k], union[k]
