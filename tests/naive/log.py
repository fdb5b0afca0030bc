"""Log in numpy."""

import numpy as np


def log(x, base=-1, scale=1.0, shift=0.0):
    return np.log(shift + scale * x) / (1 if base == -1 else np.log(base))
