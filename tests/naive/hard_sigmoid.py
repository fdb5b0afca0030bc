"""HardSigmoid in numpy."""

import numpy as np


def hard_sigmoid(x, alpha=0.2, beta=0.5):
    return np.clip(alpha * x + beta, 0, 1)
