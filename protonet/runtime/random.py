"""The numbers that kernels draw (kernels/philox.py), in numpy: for host steps, and for tests to know what was drawn."""

import numpy as np

from protonet.kernels.philox import LOW, philox

ROW = np.uint64


def words(seed, stream, iteration, count):
    """The first `count` words (uint32) of a stream at this seed and iteration."""
    block = np.arange(-(-count // 4), dtype=np.uint64)
    halves = [np.full_like(block, n & LOW) for n in (iteration, stream, seed, seed >> 32)]
    low = np.uint64(LOW)
    four = philox(block & low, block >> ROW(32), *halves)
    return np.stack(four, 1).astype(np.uint32).ravel()[:count]


def uniform(seed, stream, iteration, count):
    """float32 in [0, 1)."""
    return (words(seed, stream, iteration, count) >> 8).astype(np.float32) * np.float32(2**-24)
