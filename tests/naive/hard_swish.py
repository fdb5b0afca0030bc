"""HardSwish in numpy."""

import numpy as np


def hard_swish(x, alpha=1 / 6, beta=0.5):
    return x * np.clip(alpha * x + beta, 0, 1)
