"""DummyData: tops made by fillers; constants once, so that what a user writes there stays, all else anew each pass.

Shapes: `shape`, or num, channels, height, width (old); one for each top, or one for all; likewise data_filler.
"""

import numpy as np

from protonet import fillers
from protonet.errors import NetError, ShapeError
from protonet.kernels import pointwise
from protonet.layers.base import Layer, register
from protonet.runtime.step import plain

OLD = "num", "channels", "height", "width"


@register("DummyData", spec="dummy_data_param")
class DummyData(Layer):
    bottoms, tops, source = 0, (1, None), True

    def infer(self):
        old = [list(getattr(self.spec, name)) for name in OLD]
        if any(old) and self.spec.shape:
            raise NetError(f"give the shapes as shape, or as {', '.join(OLD)}, not both")
        if any(old):
            sizes = [self.each(values, name) for name, values in zip(OLD, old, strict=True)]
            return list(zip(*sizes, strict=True))
        return self.each([tuple(shape.dim) for shape in self.spec.shape], "shape")

    def each(self, values, name):
        """One value for each top: as given, or the one that is given for all."""
        n = len(self.param.top)
        if len(values) not in (1, n):
            raise ShapeError(f"{name} is given once for each top, or once for all: found {len(values)} for {n} tops")
        return values if len(values) == n else values * n

    def forward(self, emit, *tops):
        given = self.each(list(self.spec.data_filler), "data_filler") if self.spec.data_filler else [0.0] * len(tops)
        for i, (filler, top) in enumerate(zip(given, tops, strict=True)):
            value = 0.0 if filler == 0.0 else filler.value if filler.type == "constant" else None
            if value is None:
                emit.host(anew(filler, emit.stream, i), emit.random, top, out=[top])
            elif plain(top).buffer.kind == "own":
                filled = emit.keep(f"filled {i}", 1, dtype="int64")
                emit.host(once(value), filled, top)
            else:  # memory that others use too; no user sees it
                emit(pointwise.fill, top, value, tasks=pointwise.tasks(top.shape))


def once(value):
    """A host step that fills when it is first run."""

    def fill_once(filled, top):
        if not filled[0]:
            top[...] = value
            filled[0] = 1

    return fill_once


def anew(filler, stream, index):
    """A host step that fills by seed and iteration."""
    fillers.known(filler)

    def fill(random, top):
        seed, iteration = (int(word) & (1 << 64) - 1 for word in random)
        key = seed | (stream & 0xFFFFFFFF) << 64 | index << 96
        rng = np.random.Generator(np.random.Philox(key=key, counter=iteration << 128))
        top[...] = fillers.fill(filler, top.shape, rng)

    return fill
