"""Stack in plain numpy: one number at a time."""

import numpy as np


def stack(xs, axis):
    shape = xs[0].shape
    y = np.zeros((*shape[:axis], len(xs), *shape[axis:]))
    for i, x in enumerate(xs):
        for at in np.ndindex(*shape):
            y[(*at[:axis], i, *at[axis:])] = x[at]
    return y
