"""SpatialTransformer, place by place."""

import numpy as np


def spatial_transformer(x, theta, P, Q):
    N, C, H, W = x.shape
    y = np.zeros((N, C, P, Q))
    for n, p, q in np.ndindex(N, P, Q):
        v, u = (theta[n].reshape(2, 3) @ [2 * p / P - 1, 2 * q / Q - 1, 1] + 1) / 2 * [H, W]
        for h, w in np.ndindex(H, W):
            y[n, :, p, q] += max(0, 1 - abs(v - h)) * max(0, 1 - abs(u - w)) * x[n, :, h, w]
    return y
