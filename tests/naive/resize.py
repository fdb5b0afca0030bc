"""Resize in numpy."""

import numpy as np

from tests.naive.bilinear_interpolate import read


def resize(x, size):
    y = np.zeros((*x.shape[:2], *size))
    for h, w in np.ndindex(*size):
        y[:, :, h, w] = read(x, h * x.shape[2] / size[0], w * x.shape[3] / size[1], clamp=False)
    return y
