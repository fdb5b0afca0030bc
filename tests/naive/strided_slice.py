"""StridedSlice: place by place along each axis."""

import numpy as np


def strided_slice(x, parts):
    """parts: (begin, end, stride) of each axis, whole numbers from 0 on; end may be -1 where stride is negative."""
    for axis, (begin, end, stride) in enumerate(parts):
        x = np.stack([np.take(x, i, axis) for i in range(begin, end, stride)], axis)
    return x
