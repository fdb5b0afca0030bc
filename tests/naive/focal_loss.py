"""FocalLoss in numpy, one label at a time."""

import numpy as np

from tests.naive.softmax import softmax


def focal_loss(x, label, alpha=0.25, gamma=2.0, ignore=None):
    p = np.moveaxis(softmax(x, 1), 1, -1).reshape(-1, x.shape[1])
    found = [row[int(k)] for row, k in zip(p, label.ravel(), strict=True) if k != ignore]
    return -sum(alpha * (1 - q) ** gamma * np.log(q) for q in found) / max(len(found), 1)
