"""Unsqueeze in numpy."""

import numpy as np


def unsqueeze(x, axes):
    return np.expand_dims(x, tuple(axes))
