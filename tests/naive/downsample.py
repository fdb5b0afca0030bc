"""Downsample, number by number, over all of a map."""

import numpy as np


def downsample(x, P, Q):
    N, C, H, W = x.shape
    y, high, wide = np.zeros((N, C, P, Q)), (H - 1) / (P - 1), (W - 1) / (Q - 1)
    for n, c, p, q in np.ndindex(*y.shape):
        down = np.maximum(0, 1 - abs(np.arange(H) - p * high) / high)
        across = np.maximum(0, 1 - abs(np.arange(W) - q * wide) / wide)
        share, lost = np.outer(down, across), np.isnan(x[n, c])
        weight = share[~lost].sum()
        known = share[lost].sum() <= 0.5 * weight and weight
        y[n, c, p, q] = (share[~lost] * x[n, c][~lost]).sum() / weight if known else np.nan
    return y
