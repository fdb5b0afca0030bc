"""Accuracy in numpy, one label at a time.  Returns (accuracy, by class)."""

import numpy as np


def accuracy(x, label, top_k=1, axis=1, ignore=None):
    C = x.shape[axis]
    rows = np.moveaxis(x, axis, -1).reshape(-1, C)
    right, seen = np.zeros(C), np.zeros(C)
    for row, k in zip(rows, label.ravel().astype(int), strict=True):
        if k != ignore:
            seen[k] += 1
            right[k] += sum(row >= row[k]) <= top_k
    return right.sum() / max(seen.sum(), 1), right / np.maximum(seen, 1)
