"""The weights of a window over three axes, (K, C, kd, kh, kw), in the orders that volume.py wants in each step.

windows     (K, kd, C, kh, kw)      of kd * C channels; C filled up to whole blocks with zeros
taps        (taps, K, C, kh, kw)    some of the kd, for the data's gradient; K filled up
"""

from dataclasses import dataclass
from math import prod
from typing import Any

from protonet.engine.op import Op
from protonet.engine.pack import up
from protonet.kernels import pointwise, strided
from protonet.kernels.simd import W
from protonet.runtime.step import Buffer


@dataclass(frozen=True)
class Weights:
    """values: the weights, or their gradient, as the layer has them."""

    values: Any

    @property
    def sizes(self):
        """K, C, kd, places of a plane."""
        K, C, depth, *window = self.values.shape
        return K, C, depth, prod(window)

    @property
    def flat(self):
        return self.values.seen(prod(self.sizes))

    def windows(self):
        """Memory for that order."""
        K, C, depth, S = self.sizes
        return Buffer((K * depth * up(C) * S,), "arena", "weights by depth")

    def taps(self, count):
        K, C, _, S = self.sizes
        return Buffer((count * up(K) * C * S,), "arena", "weights by depth, turned")

    def move(self, to, kernel, *arrays):
        """By strided.scatter to the order `windows`, or by gather from it; arrays: as the kernel has them."""
        _, C, depth, S = self.sizes
        sizes, strides = strided.full(self.sizes, (depth * up(C) * S, S, up(C) * S, 1))
        group, tasks = strided.cut(sizes)
        to.emit(kernel, *arrays, 0, group, *sizes, *strides, tasks=tasks)


@dataclass(eq=False)
class Arrange(Op):
    """into <- the weights as `windows`."""

    weights: Weights
    into: Buffer

    def lower(self, to):
        if self.weights.sizes[1] % W:
            to.emit(pointwise.fill, self.into, 0.0, tasks=pointwise.tasks(self.into.shape))
        self.weights.move(to, strided.scatter, self.weights.flat, self.into)


@dataclass(eq=False)
class Pull(Op):
    """into <- the weights of these taps along depth."""

    weights: Weights
    taps: list
    into: Buffer

    def lower(self, to):
        K, C, depth, S = self.weights.sizes
        if K % W:
            to.emit(pointwise.fill, self.into, 0.0, tasks=pointwise.tasks(self.into.shape))
        sizes, strides = strided.full((K, C, S), (C * depth * S, depth * S, 1))
        group, tasks = strided.cut(sizes)
        for i, tap in enumerate(self.taps):
            part = self.into.seen(K * C * S, start=i * up(K) * C * S)
            to.emit(strided.gather, self.weights.flat, part, tap * S, group, *sizes, *strides, tasks=tasks)


@dataclass(eq=False)
class Learn(Op):
    """The weights' gradient += the sum of what `ops` add to `sums`, in the order `windows`."""

    gradient: Weights
    sums: Buffer
    ops: list

    def lower(self, to):
        to.emit(pointwise.fill, self.sums, 0.0, tasks=pointwise.tasks(self.sums.shape))
        for op in self.ops:
            op.lower(to)
        flat = self.gradient.flat
        found = Buffer(flat.shape, "scratch", f"{self.layer.name} gradient")
        self.gradient.move(to, strided.gather, self.sums, found)
        to.emit(pointwise.add, flat, found, flat, tasks=pointwise.tasks(flat.shape))
