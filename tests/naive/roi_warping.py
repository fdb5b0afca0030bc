"""ROIWarping in plain Python: one place of one bin at a time."""

import math

import numpy as np

from tests.naive.mask_resize import between
from tests.naive.roi_pooling import nearest


def roi_warping(x, rois, high, wide, scale):
    y = np.zeros((len(rois), x.shape[1], high, wide))
    H, W = x.shape[2:]
    for r, (image, *box) in enumerate(rois):
        x0, y0, x1, y1 = (nearest(v * scale) for v in box)
        h, w = max(y1 - y0, 0) / high, max(x1 - x0, 0) / wide
        rows, columns = math.ceil(h), math.ceil(w)
        for i, j in np.ndindex(high, wide):
            found = []
            for a in range(rows + 1):
                for b in range(columns + 1):
                    v = y0 + (i + (a / rows if rows else 0)) * h
                    u = x0 + (j + (b / columns if columns else 0)) * w
                    if -0.5 <= v <= H - 0.5 and -0.5 <= u <= W - 0.5:
                        found.append([between(plane, v, u) for plane in x[int(image)]])
            if found:
                y[r, :, i, j] = np.max(found, 0)
    return y
