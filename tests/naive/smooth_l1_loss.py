"""SmoothL1Loss in numpy."""

import numpy as np


def smooth_l1_loss(a, b, inside=1.0, outside=1.0, sigma=1.0):
    u, square = inside * (a - b), sigma**2
    each = np.where(abs(u) < 1 / square, 0.5 * square * u**2, abs(u) - 0.5 / square)
    return (outside * each).sum() / len(a)
