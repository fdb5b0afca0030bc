"""Gather in numpy."""

import numpy as np


def gather(x, indices, shape, axis):
    return np.take(x, np.reshape(indices, shape), axis)
