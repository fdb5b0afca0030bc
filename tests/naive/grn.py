"""GRN in numpy."""

import numpy as np


def grn(x, bias=1.0):
    return x / np.sqrt(bias + (x**2).sum(1, keepdims=True))
