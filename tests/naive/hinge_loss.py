"""HingeLoss in numpy."""

import numpy as np


def hinge_loss(x, label, norm=1):
    x = x.reshape(len(x), -1)
    sign = np.where(np.arange(x.shape[1]) == label.reshape(-1, 1).astype(int), -1, 1)
    return (np.maximum(0, 1 + sign * x) ** norm).sum() / len(x)
