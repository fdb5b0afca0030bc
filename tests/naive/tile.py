"""Tile in numpy."""

import numpy as np


def tile(x, tiles, axis=1):
    return np.concatenate([x] * tiles, axis)
