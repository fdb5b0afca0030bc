"""PSROIPooling in plain Python: one bin at a time."""

import math

import numpy as np

from tests.naive.roi_pooling import nearest


def psroi_pooling(x, rois, depth, group, scale):
    y = np.zeros((len(rois), depth, group, group))
    for r, (image, *box) in enumerate(rois):
        x0, y0 = (nearest(v) * scale for v in box[:2])
        x1, y1 = ((nearest(v) + 1) * scale for v in box[2:])
        h, w = max(y1 - y0, 0.1) / group, max(x1 - x0, 0.1) / group
        for d, i, j in np.ndindex(depth, group, group):
            top, bottom = (min(max(v, 0), x.shape[2]) for v in (math.floor(i * h + y0), math.ceil((i + 1) * h + y0)))
            left, right = (min(max(v, 0), x.shape[3]) for v in (math.floor(j * w + x0), math.ceil((j + 1) * w + x0)))
            part = x[int(image), (d * group + i) * group + j, top:bottom, left:right]
            y[r, d, i, j] = part.mean() if part.size else 0
    return y
