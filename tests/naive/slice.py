"""Slice in numpy."""

import numpy as np


def slice(x, parts, axis=1):
    """parts: a number of equal ones, or where to cut."""
    return np.split(x, parts, axis)
