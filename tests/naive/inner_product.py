"""InnerProduct in numpy: rows of x by rows of w."""

import numpy as np


def inner_product(x, w, b=0.0, axis=1, transpose=False):
    x = np.asarray(x, "d")
    rows = x.reshape(int(np.prod(x.shape[:axis])), -1)
    w = w.T if transpose else w
    y = np.array([[row @ each for each in w] for row in rows]) + b
    return y.reshape(*x.shape[:axis], len(w))
