"""Fed: what the data layers have in common.  No bottoms; tops that a thread fills ahead; a host step that copies.

A data layer names a function  open_(param, phase, folder, draws) -> batches  (see data/batches.py).  It must not know
the layer: the thread would keep the layer, and with it the net, alive for ever.
"""

from functools import cached_property, partial
from math import prod
from typing import Any

from protonet.data.draws import Draws
from protonet.data.feed import Feed
from protonet.errors import NetError
from protonet.layers.base import Layer
from protonet.runtime import limit


class Fed(Layer):
    bottoms, source = 0, True
    tops: int | tuple[int, int | None] = (1, 2)
    needs: tuple[str, ...] = ("source", "batch_size")
    open_batches: Any = None
    feed: Feed | None = None

    def opener(self):
        for name in self.needs:
            if not getattr(self.spec, name):
                raise NetError(f"{self.type} needs {self.spec_field}.{name}")
        return partial(type(self).open_batches, self.param, self.phase, self.folder)

    @cached_property
    def shapes(self):
        """The tops' shapes: what the first record says."""
        batches = self.opener()(Draws(0, 0))
        try:
            return [tuple(shape) for shape in batches.shapes]
        finally:
            batches.close()

    def infer(self):
        return self.shapes

    def forward(self, emit, *tops):
        emit.host(self.fed(emit.stream), emit.random, *tops, out=tops)

    def fed(self, stream):
        """The one feed of this layer, however often its steps are emitted: a new plan does not begin the data anew."""
        if self.feed is None:
            batch = 4 * sum(prod(shape) for shape in self.shapes)
            limit.need(self.ahead() * batch, f"{self.type}, with {self.ahead()} batches read ahead,")
            self.feed = Feed(self.opener(), stream, self.ahead())
        return self.feed

    def ahead(self):
        """How many batches may wait."""
        return 3

    def compute(self):
        """Where images differ in size, a batch is one image, and the net is shaped by it."""
        seed, iteration = map(int, self.clock)
        return self.fed(0).arrays(seed, iteration)
