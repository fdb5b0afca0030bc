"""Resizing in plain Python: one pixel at a time; x is (N, C, H, W)."""

import math

import numpy as np

from tests.naive.mask_resize import between


def places(old, new, mode):
    """Where each of the new places of an axis is read."""
    if mode == "align_corners" and new > 1:
        return [i * (old - 1) / (new - 1) for i in range(new)]
    if mode == "pytorch_half_pixel" and new == 1:
        return [-0.5]
    half = 0.5 if "half" in mode else 0
    return [(i + half) * old / new - half for i in range(new)]


def resize_bilinear(x, high, wide, mode=""):
    y = np.zeros((*x.shape[:2], high, wide))
    rows, columns = places(x.shape[2], high, mode), places(x.shape[3], wide, mode)
    for n, c, i, j in np.ndindex(*y.shape):
        y[n, c, i, j] = between(x[n, c], rows[i], columns[j])
    return y


def nearest(old, new, mode):
    found = []
    for i in range(new):
        if mode == "align_corners":
            at = math.floor(i * ((old - 1) / (new - 1) if new > 1 else old / new) + 0.5)
        else:
            at = math.floor((i + (0.5 if mode else 0)) * old / new)
        found.append(min(at, old - 1))
    return found


def resize_nearest_neighbor(x, high, wide, mode=""):
    return x[:, :, nearest(x.shape[2], high, mode)][..., nearest(x.shape[3], wide, mode)]
