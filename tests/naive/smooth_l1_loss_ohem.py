"""SmoothL1LossOHEM in numpy: (loss, loss of each instance)."""

import numpy as np


def smooth_l1_loss_ohem(a, b, w=1.0, norm=None):
    u = abs(w * (a - b))
    each = np.where(u < 1, u * u / 2, u - 0.5).sum(1, keepdims=True)
    return each.sum() / (norm or each.size), each
