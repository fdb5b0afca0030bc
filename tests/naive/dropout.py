"""Dropout in numpy, for words that are already drawn."""

import numpy as np


def dropout(x, words, ratio):
    kept = words.reshape(x.shape) >= round(ratio * 2**32)
    return np.where(kept, x / (1 - ratio), 0)
