"""Resample, number by number, with all neighbours at once."""

import numpy as np


def cubic(x):
    x = abs(x)
    return x * x * (1.5 * x - 2.5) + 1 if x <= 1 else x * (x * (2.5 - 0.5 * x) - 4) + 2 if x < 2 else 0


def triangle(x):
    return max(0, 1 - abs(x))


def nearest(x):
    return int(np.floor(x + 0.5)) if x >= 0 else -int(np.floor(0.5 - x))


def resample(x, P, Q, how="LINEAR", antialias=True):
    N, C, H, W = x.shape
    fy, fx = H / P, W / Q
    y, weigh, width = np.zeros((N, C, P, Q)), cubic if how == "CUBIC" else triangle, 4 if how == "CUBIC" else 2
    narrow = antialias and (fx > 1 or fy > 1)
    ax, ay = (1 / fx, 1 / fy) if narrow else (1, 1)
    rx, ry = (2 if f < 1 else int(np.ceil(width / a)) for f, a in ((fx, ax), (fy, ay)))
    for p, q in np.ndindex(P, Q):
        u, v = q * fx + fy / 2 - 0.5, p * fy + fx / 2 - 0.5
        w0, h0 = nearest(u), nearest(v)
        if how == "NEAREST":
            y[:, :, p, q] = x[:, :, min(max(h0, 0), H - 1), min(max(w0, 0), W - 1)]
            continue
        total = 0
        for h in range(max(0, h0 - ry), min(H, h0 + ry + 1)):
            for w in range(max(0, w0 - rx), min(W, w0 + rx + 1)):
                share = ax * weigh(ax * (u - w)) * ay * weigh(ay * (v - h))
                y[:, :, p, q] += share * x[:, :, h, w]
                total += share
        y[:, :, p, q] = y[:, :, p, q] / total if total else 0
    return y
