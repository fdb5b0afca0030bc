"""absval in numpy."""

import numpy as np


def absval(x):
    return np.abs(x)
