"""InnerProduct: a convolution of one place, or, for several images, of as many places as there are images.

For one image time is the weights' way from memory: a tile is one place x many vectors of outputs, and reads them once,
in order; the inputs may lie in blocks, with halos, in any layout that a table can name.
"""

from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from protonet.engine import pack
from protonet.engine.layout import BLOCKED, PLAIN, SLACK
from protonet.engine.machine import W, l2
from protonet.engine.plan import builds, plain
from protonet.engine.tiles import NEAR, STREAM, TILES, products, runs, vectors_at_once
from protonet.engine.weighted import Weighted
from protonet.kernels import blocks
from protonet.kernels.conv_blocked import conv
from protonet.runtime.step import Buffer


@dataclass(eq=False)
class Dense(Weighted):
    """x: plain (N, ...) or blocked (N, C, H, W)."""

    sizes: Any = None  # (inputs, outputs) of an image

    def lower(self, to):
        if self.x.shape[0] == 1:
            self.one(to)
        else:
            self.many(to)

    def source(self, lanes):
        """The inputs as a view, where runs of them begin, and at how many places each channel is."""
        x = self.x
        if x.form == PLAIN:
            return plain(x).data, list(range(0, self.sizes[0], lanes)), 1
        places = [
            c // W * x.block + c % W + i * x.row + j * W
            for c in range(0, x.shape[1], lanes)
            for i in range(x.rows)
            for j in range(x.columns)
        ]
        return x.view(), places, x.rows * x.columns

    def packed(self, to, lanes, where):
        w = self.weights.T if self.node.spec.transpose else self.weights
        return to.constants.get(("matrix", self.known, lanes, where), lambda: pack.matrix(w, lanes, where))

    def one(self, to):
        mode, bias, slope, lo, hi = self.numbers(to)
        channels = self.x.shape[1] if self.x.form == BLOCKED else self.sizes[0]
        whole = [n for n in STREAM if channels % n == 0]  # lanes past the last must not be read
        lanes = runs(channels, {n: STREAM[n] for n in whole})
        source, places, where = self.source(lanes)
        w, out = self.packed(to, lanes, where), self.sizes[1]
        vecs = -(-out // W)
        vectors = vectors_at_once(vecs)
        table = to.constants.table(4 * np.diff([*places, places[-1]]))
        kind = self.y.memory.kind if self.y.memory else "arena"
        self.y.memory = Buffer((vecs * W,), kind, self.y.name)  # with room for whole vectors
        args = 1, vecs, 1, 1, 1, 1, 0, 0, 0, 0, 0, W, 0, 0, 0, 0, lo, hi
        arrays = source.seen(source.count), table, w, bias, slope, bias, self.y.memory, w.seen(1)
        to.emit(conv(1, vectors, lanes, W, mode), *arrays, *args, tasks=-(-vecs // vectors))

    def many(self, to):
        """Images become the places of one line: [D / W][image][W], and back."""
        mode, bias, slope, lo, hi = self.numbers(to)
        source, places, where = self.source(W)
        N, Q, (D, K) = self.x.shape[0], len(places), self.sizes
        vecs = -(-K // W)
        image, last = (self.x.image, W) if self.x.form == BLOCKED else (D, D - places[-1])
        columns, sums = (Buffer((n * N * W + SLACK,), "arena", self.node.name) for n in (Q, vecs))
        inputs = source.seen(source.count)
        to.emit(blocks.to_columns, inputs, to.constants.table(places), columns, N, image, last, tasks=Q)
        pixels, vectors = tile(Q * W, N, vecs)
        table, w = to.constants.table(np.full(Q, 4 * N * W)), self.packed(to, W, where)
        args = 1, vecs, 1, 1, N, -(-N // pixels), 0, 0, 0, 0, 0, N * W, 0, 0, 0, 0, lo, hi
        arrays = columns, table, w, bias, slope, bias, sums, w.seen(1)
        to.emit(conv(pixels, vectors, W, W, mode), *arrays, *args, tasks=-(-vecs // vectors))
        to.emit(blocks.from_columns, sums, plain(self.y), tasks=N)


def tile(channels, images, out):
    """The tile for so many images: weights that do not stay in L2 from one tile to the next cost their way again."""
    best, least = TILES[0], inf
    for pixels, vectors in TILES:
        cost = products(channels, 1, images, out, (pixels, vectors))
        if 4 * channels * vectors * W > l2() // 2:
            cost += -(-images // pixels) * 4 * channels * out * W / NEAR
        if cost < least:
            best, least = (pixels, vectors), cost
    return best


@builds("InnerProduct")
def build(planner, unit):
    (value,), node = unit.inputs, unit.node
    if len(node.blobs) != 1 + node.spec.bias_term:
        return False
    axis, D, K = node.layer.sizes(value.shape)
    if axis != 1 or D == 0:
        return False
    value = flattened(planner, value)
    forms = planner.forms(value)
    x = planner.want(value, BLOCKED if BLOCKED in forms and len(value.shape) == 4 else PLAIN)
    y = planner.give(unit.output, PLAIN)
    planner.ops.append(Dense(unit.layer, [x], [y], node, unit.act, None, (D, K)))
    return True


def flattened(planner, value):
    """What a Flatten before has flattened, if that lies in blocks: the weights can be put in its order."""
    value = planner.real(value)
    maker = value.maker
    if maker.type == "Flatten" and maker.spec.axis == 1 and maker.spec.end_axis in (-1, len(maker.inputs[0].shape) - 1):
        before = planner.real(maker.inputs[0])
        if BLOCKED in planner.forms(before):
            return before
    return value
