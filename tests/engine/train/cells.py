"""Cells with memory of their own, filled and read as numpy arrays: to run single operations."""

import numpy as np

from protonet.engine.layout import PIXELS
from protonet.kernels.simd import W


def seen(cell):
    """Its numbers as [image][block][row][pixel][W], or [image][row][pixel][C]; zeros all around."""
    buffer = cell.buffer
    buffer.kind = "own"
    flat = buffer.own().view(np.float32)[cell.start :]
    N, C, H, V = cell.shape
    image, row, block = cell.strides
    if cell.form == PIXELS:
        shape, strides = (N, H, V, C), (image, row, C, 1)
    else:
        shape, strides = (N, cell.blocks, H, V, W), (image, block, row, W, 1)
    return np.lib.stride_tricks.as_strided(flat, shape, [4 * n for n in strides])


def fill(cell, x):
    """Put a plain array there."""
    N, C, H, V = cell.shape
    if cell.form == PIXELS:
        seen(cell)[...] = x.transpose(0, 2, 3, 1)
        return
    full = np.zeros((N, cell.blocks * W, H, V), np.float32)
    full[:, :C] = x
    seen(cell)[...] = full.reshape(N, cell.blocks, W, H, V).transpose(0, 1, 3, 4, 2)


def read(cell):
    """What a blocked cell holds, as a plain array."""
    N, C, H, V = cell.shape
    return seen(cell).transpose(0, 1, 4, 2, 3).reshape(N, -1, H, V)[:, :C].copy()
