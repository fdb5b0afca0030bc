"""LogSoftmax in numpy."""

import numpy as np


def log_softmax(x, axis=1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return np.log(np.maximum(e / e.sum(axis, keepdims=True), 1e-20))
