"""FlowWarp, place by place."""

import numpy as np


def flow_warp(x, flow, outside=0.0):
    N, _, H, W = x.shape
    y = np.full(x.shape, outside)
    for n, h, w in np.ndindex(N, H, W):
        u, v = w + flow[n, 0, h, w], h + flow[n, 1, h, w]
        if 0 <= u < W and 0 <= v < H:
            left, top = int(u), int(v)
            right, low = min(left + 1, W - 1), min(top + 1, H - 1)
            a, b = u - left, v - top
            y[n, :, h, w] = (1 - b) * ((1 - a) * x[n, :, top, left] + a * x[n, :, top, right])
            y[n, :, h, w] += b * ((1 - a) * x[n, :, low, left] + a * x[n, :, low, right])
    return y
