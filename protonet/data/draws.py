"""Random numbers for data: a generator for each batch, made of what numbers the batch.

So batch 17 has the same crops whether or not batches 0 to 16 were ever made, in this run or a resumed one.
"""

import numpy as np

BATCH, EPOCH, START = 0, 1, 2  # what is drawn: crops and flips of a batch; the order of an epoch; where to begin


class Draws:
    """seed, stream: as Emit has them (the run's, the layer's); start: the iteration of the first batch."""

    def __init__(self, seed: int, stream: int, start: int = 0):
        self.key = int(seed) & (1 << 64) - 1 | (int(stream) & 0xFFFFFFFF) << 64
        self.start = start

    def batch(self, index: int) -> np.random.Generator:
        return self.generator(BATCH, self.start + index)

    def order(self, epoch: int, n: int, which: int = 0) -> np.ndarray:
        """The order in which an epoch goes through n things."""
        return self.generator(EPOCH, epoch, which).permutation(n)

    def begin(self, below: int) -> int:
        """How many to skip at the start: less than `below`."""
        return int(self.generator(START, 0).integers(below)) if below > 1 else 0

    def generator(self, what: int, index: int, which: int = 0) -> np.random.Generator:
        counter = (int(index) & (1 << 64) - 1) << 64 | which << 128 | what << 224
        return np.random.Generator(np.random.Philox(key=self.key, counter=counter))
