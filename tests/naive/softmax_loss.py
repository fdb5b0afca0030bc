"""SoftmaxWithLoss in numpy, one label at a time."""

import numpy as np

from tests.naive.softmax import softmax


def softmax_loss(x, label, axis=1, ignore=None, normalization="VALID"):
    p = np.moveaxis(softmax(x, axis), axis, -1).reshape(-1, x.shape[axis])
    picked = [(row, int(k)) for row, k in zip(p, label.ravel(), strict=True) if int(k) != ignore]
    total = -sum(np.log(max(row[k], np.finfo("f4").tiny)) for row, k in picked)
    outer = int(np.prod(x.shape[: axis % x.ndim]))
    norm = {"VALID": len(picked), "FULL": label.size, "BATCH_SIZE": outer, "NONE": 1}[normalization]
    return total / max(norm, 1)
