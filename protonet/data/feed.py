"""What a data layer does at each pass: take the next batch and put it into the tops.

The first pass opens the source, since only then the seed is known; then a thread works ahead.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from protonet.data.draws import Draws
from protonet.data.prefetch import DEPTH, Prefetch
from protonet.errors import DataError


class Feed:
    """A host step: feed(random, *tops).  open_(draws) makes the source of batches; stream: the layer's."""

    def __init__(self, open_: Callable[[Draws], Any], stream: int, depth: int = DEPTH):
        self.open, self.stream, self.depth = open_, stream, depth
        self.prefetch: Prefetch | None = None

    def __call__(self, random: np.ndarray, *tops: np.ndarray) -> None:
        def put(arrays: list[np.ndarray]) -> None:
            for top, array in zip(tops, arrays, strict=True):
                if top.shape != array.shape:
                    raise DataError(f"a batch is {array.shape}, the net wants {top.shape}")
                np.copyto(top, array)

        self.source(*random.tolist()).take(put)

    def arrays(self, seed: int, iteration: int) -> list[np.ndarray]:
        """The next batch, in arrays of its own."""
        return self.source(seed, iteration).take(lambda arrays: [array.copy() for array in arrays])

    def source(self, seed: int, iteration: int) -> Prefetch:
        if self.prefetch is None:
            draws = Draws(seed, self.stream, iteration)
            open_ = self.open
            self.prefetch = Prefetch(lambda: open_(draws), depth=self.depth)
        return self.prefetch

    def close(self) -> None:
        """Stop working ahead, and begin anew when asked again."""
        if self.prefetch is not None:
            self.prefetch.close()
            self.prefetch = None
