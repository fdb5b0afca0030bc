"""Jaccard overlaps, intersection over union, and what is left of boxes that overlap too much."""

import numpy as np

from protonet.kernels import boxes as kernels
from protonet.runtime.call import call


def jaccard(a, b, one=0.0):
    """Overlaps (A, B) of boxes (A, 4) and (B, 4); `one` is 1 where x1 and y1 are the last pixels."""
    a, b = (np.ascontiguousarray(boxes, np.float32) for boxes in (a, b))
    y = np.empty((len(a), len(b)), np.float32)
    call(kernels.overlaps, a, b, y, one, tasks=len(a))
    return y


def suppress(boxes, starts, threshold, eta=1.0, one=0.0, least=-1.0, most=-1):
    """Which boxes (M, 4) are kept, as bools; run s is starts[s] to starts[s + 1], best first."""
    kept, order = np.zeros(len(boxes), np.uint8), np.zeros(len(boxes), np.int64)
    starts = np.ascontiguousarray(starts, np.int64)
    boxes = np.ascontiguousarray(boxes, np.float32)
    call(kernels.suppress, boxes, starts, kept, order, threshold, eta, one, least, most, tasks=len(starts) - 1)
    return kept.astype(bool)
