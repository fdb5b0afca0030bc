"""ContrastiveLoss in numpy."""

import numpy as np


def contrastive_loss(a, b, similar, margin=1.0, legacy=False):
    square = ((a - b) ** 2).sum(1)
    apart = np.maximum(margin - square, 0) if legacy else np.maximum(margin - np.sqrt(square), 0) ** 2
    return np.where(similar != 0, square, apart).sum() / (2 * len(a))
