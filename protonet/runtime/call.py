"""A kernel run at once on numpy arrays: for layers that work in Python (host steps, dynamic layers), on their thread.

    call(boxes.suppress, boxes, starts, kept, 0.45, 1.0, tasks=20)

Sizes and types are checked as when a step is made; arrays lie in C order.  The kernel compiles when it is first called.
"""

import ctypes
from functools import cache

import numpy as np

CALL = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 4)


@cache
def code(kernel, shared):
    return CALL(kernel.address(shared))


def call(kernel, *arguments, tasks=1):
    """All tasks, one after the other."""
    arrays = [a for a, t in zip(arguments, kernel.types.values(), strict=True) if t.sizes is not None]
    if not all(a.flags.c_contiguous for a in arrays):
        raise TypeError(f"{kernel.name}: arrays must be contiguous")
    places = [a.ctypes.data for a in arrays]
    shared = kernel.shared(
        [place if a.size else (i, "empty") for i, (a, place) in enumerate(zip(arrays, places, strict=True))]
    )
    record = np.array([*places, *kernel.bind(*arguments)], np.int64)
    code(kernel, shared)(record.ctypes.data, 0, tasks, 0)
