"""ChannelNorm in numpy."""

import numpy as np


def channel_norm(x):
    return np.sqrt((np.asarray(x, np.float64) ** 2).sum(1, keepdims=True))
