"""InnerProduct: a convolution of one place, or, for several images, of as many places as there are images.

For one image time is the weights' way from memory: a tile is one place x many vectors of outputs, and reads them once,
in order; the inputs may lie in blocks, with halos, in any layout that a table can name.
"""

from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from protonet.engine import pack
from protonet.engine.choose import FAR, TILES, products, vectors_at_once
from protonet.engine.convolution import Weighted
from protonet.engine.layout import BLOCKED, PLAIN, SLACK
from protonet.engine.machine import W, l2
from protonet.engine.plan import builds, key, plain
from protonet.kernels import blocks
from protonet.kernels.conv_blocked import conv
from protonet.runtime.step import Buffer


@dataclass(eq=False)
class Dense(Weighted):
    """x: plain (N, ...) or blocked (N, C, H, W)."""

    sizes: Any = None  # (inputs, outputs) of an image

    def lower(self, to):
        x, N = self.x, self.x.shape[0]
        D, K = self.sizes
        out = pack.up(K) // W
        if x.form == BLOCKED:
            places = [
                c * x.block + i * x.row + j * W
                for c in range(x.blocks)
                for i in range(x.rows)
                for j in range(x.columns)
            ]
            source, image, where = x.view(), x.image, x.rows * x.columns
            last = W
        else:
            places, source, image, where = list(range(0, D, W)), plain(x).data, D, 1
            last = D - places[-1]
        if N == 1:
            self.one(to, source, places, last, where, out)
        else:
            self.many(to, source, places, image, last, where, out)

    def matrix(self):
        """(K, D)."""
        w = self.weights
        return w.T if self.node.spec.transpose else w

    def packed(self, to, where):
        name = ("matrix", key(self.weights), where)
        blocks_ = self.x.blocks if self.x.form == BLOCKED else -(-self.sizes[0] // W)
        return to.constants.get(name, lambda: pack.matrix(self.matrix(), blocks_, where))

    def one(self, to, source, places, last, where, out):
        mode, bias, slope, lo, hi = self.numbers(to)
        lanes = W
        if last < W:  # runs of fewer inputs, none of which goes beyond the last
            D = self.sizes[0]
            lanes = next(n for n in (8, 4, 2, 1) if D % n == 0 and n < W)
            places = list(range(0, D, lanes))
            w = to.constants.get(("rows", key(self.weights)), lambda: pack.rows(self.matrix()))
        else:
            w = self.packed(to, where)
        vectors = vectors_at_once(out)
        table = to.constants.table(4 * np.diff([*places, places[-1]]))
        kind = self.y.memory.kind if self.y.memory else "arena"
        self.y.memory = Buffer((out * W,), kind, self.y.name)  # with room for whole vectors
        kernel = conv(1, vectors, lanes, W, mode)
        args = 1, out, 1, 1, 1, 1, 0, 0, 0, 0, 0, W, 0, 0, 0, 0, lo, hi
        arrays = source.seen(source.count), table, w, bias, slope, bias, self.y.memory
        to.emit(kernel, *arrays, *args, tasks=-(-out // vectors))

    def many(self, to, source, places, image, last, where, out):
        mode, bias, slope, lo, hi = self.numbers(to)
        N, Q = self.x.shape[0], len(places)
        columns, sums = (Buffer((n * N * W + SLACK,), "arena", self.node.name) for n in (Q, out))
        to.emit(
            blocks.to_columns, source.seen(source.count), to.constants.table(places), columns, N, image, last, tasks=Q
        )
        pixels, vectors = tile(Q * W, N, out)
        table = to.constants.table(np.full(Q, 4 * N * W))
        w, count = self.packed(to, where), -(-N // pixels)
        args = 1, out, 1, 1, N, count, 0, 0, 0, 0, 0, N * W, 0, 0, 0, 0, lo, hi
        arrays = columns, table, w, bias, slope, bias, sums
        to.emit(conv(pixels, vectors, W, W, mode), *arrays, *args, tasks=-(-out // vectors))
        to.emit(blocks.from_columns, sums, plain(self.y), tasks=N)


def tile(channels, images, out):
    """The tile for so many images: weights that do not stay in L2 from one tile to the next cost their way again."""
    best, least = TILES[0], inf
    for pixels, vectors in TILES:
        cost = products(channels, 1, images, out, (pixels, vectors))
        if 4 * channels * vectors * W > l2() // 2:
            cost += -(-images // pixels) * 4 * channels * out * W / FAR
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
