"""Memory in huge pages, where the system has any: weights and activations are walked in strides of whole pages, and a
first-level TLB knows few (measured: 0.3 % of a MobileNet with 4 KB pages well placed, more where memory is scattered).
"""

import mmap

import numpy as np

from protonet.runtime.step import ALIGN, aligned

HUGE, CHUNK = 2 << 20, 32 << 20
ADVICE = getattr(mmap, "MADV_HUGEPAGE", None)


class Pages:
    """Zeroed bytes carved from large pieces; they live as long as the arrays that use them."""

    def __init__(self):
        self.rest = np.empty(0, np.uint8)

    def take(self, size):
        size = -(-size // ALIGN) * ALIGN
        if size > len(self.rest):
            self.rest = piece(max(size, CHUNK))
        taken, self.rest = self.rest[:size], self.rest[size:]
        return taken

    def keep(self, array):
        """A copy of an array, flat."""
        place = self.take(array.nbytes)[: array.nbytes].view(array.dtype)
        place.reshape(array.shape)[...] = array
        return place


def piece(size):
    """At least so many bytes."""
    if ADVICE is None or not hasattr(mmap, "MAP_PRIVATE"):
        return aligned(size)
    size = -(-size // HUGE) * HUGE
    whole = mmap.mmap(-1, size + HUGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)  # a shared one is never huge
    whole.madvise(ADVICE)
    raw = np.frombuffer(whole, np.uint8)
    start = -raw.ctypes.data % HUGE
    return raw[start : start + size]
