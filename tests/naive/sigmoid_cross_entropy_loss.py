"""SigmoidCrossEntropyLoss in numpy."""

import numpy as np


def sigmoid_cross_entropy_loss(x, target, ignore=None, normalization="BATCH_SIZE"):
    each = np.logaddexp(0, x) - x * target
    counts = np.ones(x.shape, bool) if ignore is None else np.trunc(target) != ignore
    norm = {"VALID": counts.sum(), "FULL": x.size, "BATCH_SIZE": len(x), "NONE": 1}[normalization]
    return each[counts].sum() / max(norm, 1)
