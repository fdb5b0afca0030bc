"""ArgMax in numpy.  Returns (places, values) along an axis, largest first, of equal ones the last first."""

import numpy as np


def argmax(x, top_k=1, axis=1):
    n = x.shape[axis]
    places = n - 1 - np.argsort(-np.flip(x, axis), axis, kind="stable")
    places = np.take(places, range(top_k), axis)
    return places, np.take_along_axis(x, places, axis)
