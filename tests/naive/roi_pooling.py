"""ROIPooling in plain Python: one bin at a time."""

import math

import numpy as np


def nearest(v):
    return math.floor(v + 0.5) if v >= 0 else -math.floor(0.5 - v)


def roi_pooling(x, rois, high, wide, scale):
    y = np.zeros((len(rois), x.shape[1], high, wide))
    for r, (image, *box) in enumerate(rois):
        x0, y0, x1, y1 = (nearest(v * scale) for v in box)
        h, w = max(y1 - y0 + 1, 1), max(x1 - x0 + 1, 1)
        for i, j in np.ndindex(high, wide):
            rows = range(y0 + i * h // high, y0 + -(-(i + 1) * h // high))
            columns = range(x0 + j * w // wide, x0 + -(-(j + 1) * w // wide))
            places = [(a, b) for a in rows for b in columns if 0 <= a < x.shape[2] and 0 <= b < x.shape[3]]
            if places:
                y[r, :, i, j] = np.max([x[int(image), :, a, b] for a, b in places], 0)
    return y
