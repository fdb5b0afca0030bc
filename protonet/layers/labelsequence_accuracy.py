"""LabelsequenceAccuracy: of which part of the sequences the whole label is found.

    bottoms   scores (N, T, C), labels (N, L)

What is found is the likeliest class at each time, repeats taken once, without blank_label; blanks in the labels are
left out too.  Fork: labelsequence_accuracy_layer.cpp of the CRNN nets that warp CTC (yalecyu/crnn.caffe).
"""

from math import prod

import numpy as np

from protonet.errors import ShapeError
from protonet.layers.base import Layer, register


@register("LabelsequenceAccuracy", spec="labelsequence_accuracy_param")
class LabelsequenceAccuracy(Layer):
    bottoms, no_gradient = 2, (0, 1)

    def infer(self, x, label):
        if len(x) != 3 or len(label) < 2 or label[0] != x[0] or x[2] < 1:
            raise ShapeError(f"expected scores (N, T, C) and labels (N, L), found {x} and {label}")
        return [()]

    def forward(self, emit, x, label, y):
        emit.host(self.run, x, label, y, out=[y])

    def run(self, x, label, y):
        blank = self.spec.blank_label
        best = x.argmax(2) if x.size else np.zeros(x.shape[:2], int)
        before = np.concatenate([np.full((len(best), 1), blank), best[:, :-1]], 1)
        found, wanted = (best != before) & (best != blank), label.reshape(len(label), prod(label.shape[1:]))
        right = [
            np.array_equal(row[keep], want[want != blank]) for row, keep, want in zip(best, found, wanted, strict=True)
        ]
        y[...] = np.mean(right) if right else 0

    def backward(self, emit, *blobs):
        """It judges, and teaches nothing."""
