"""MaxUnPool in numpy."""

import numpy as np


def max_unpool(x, mask, size):
    y = np.zeros((*x.shape[:2], int(np.prod(size))), x.dtype)
    for at in np.ndindex(*x.shape):
        y[(*at[:2], int(mask[at]))] = x[at]
    return y.reshape(*x.shape[:2], *size)
