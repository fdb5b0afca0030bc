"""TripletLoss in numpy."""

import numpy as np


def triplet_loss(a, p, n, margin=1.0):
    near, far = (((a - x) ** 2).reshape(len(a), -1).sum(1) for x in (p, n))
    return np.maximum(0, margin + near - far).mean() / 2
