"""Squeeze in numpy."""

import numpy as np


def squeeze(x, axes=None):
    return np.squeeze(x, axes)
