"""SPP in numpy: one bin at a time, its window clipped to the map."""

import numpy as np


def spp(x, height, average=False):
    N, _, H, W = x.shape
    found = []
    for bins in (2**level for level in range(height)):
        kh, kw = -(-H // bins), -(-W // bins)
        ph, pw = (kh * bins - H + 1) // 2, (kw * bins - W + 1) // 2
        level = np.zeros((*x.shape[:2], bins, bins))
        for i, j in np.ndindex(bins, bins):
            top, left = i * kh - ph, j * kw - pw
            bottom, right = min(top + kh, H + ph), min(left + kw, W + pw)
            window = x[:, :, max(top, 0) : min(bottom, H), max(left, 0) : min(right, W)]
            area = (bottom - top) * (right - left)
            level[:, :, i, j] = window.sum((2, 3)) / area if average else window.max((2, 3))
        found.append(level)
    return found[0] if height == 1 else np.concatenate([level.reshape(N, -1) for level in found], 1)
