"""Chains: a convolution and the window that slides over its outputs, some rows at a time.

    before    a 1 x 1 convolution to 64 channels of 112 x 112 (3.2 MB), a depthwise convolution of them
    after     for each band of rows: the rows that the window needs and that are not there yet, then the window's rows

What lies between is then never whole: a few rows, which stay in L2; those that the next band sees again are moved to
the front.  Worth it for maps larger than L2, where both the convolution's writes and the window's reads go out to L3,
if that is slow beside the arithmetic: with 32 multiply-adds a cycle bands win 6 % of SqueezeNet's time and 3 % of
MobileNet v2's; with 16 they lose 0 to 2 % on one thread, and 6 % on two, which meet at the end of each step.
"""

from dataclasses import dataclass
from typing import Any

from protonet.engine.convolution import Convolution
from protonet.engine.machine import fast, l2
from protonet.engine.op import Op
from protonet.engine.pooling import Pooling
from protonet.kernels import blocks

LEAST = 4  # rows of outputs a band


@dataclass(eq=False)
class Chain(Op):
    """first makes what second alone reads; rows: of second's outputs, a band."""

    first: Any
    second: Any
    rows: int

    def lower(self, to):
        middle, (extent, stride, pad) = self.first.y, self.second.vertical
        middle.held, middle.origin, done = (self.rows - 1) * stride + extent, -pad, 0
        to.framed.add(middle)
        self.clear(to, middle, -pad, pad, middle.held - pad)
        for top in range(0, self.second.y.rows, self.rows):
            end = min(top + self.rows, self.second.y.rows)
            low, high = top * stride - pad, (end - 1) * stride + extent - pad
            if top and done > low:
                self.shift(to, middle, low, done - low)
            middle.origin, done = low, max(done, low)
            if min(high, middle.rows) > done:
                to.begin(self.first)
                self.first.part(to, done, min(high, middle.rows))
                to.begin(self.second)
            if high > middle.rows:
                start = max(low, middle.rows)
                self.clear(to, middle, start, high - start, 0)
            self.second.part(to, top, end)
            done = min(high, middle.rows)

    def clear(self, to, cell, row, count, more):
        """Zero so many rows from this one on, and what is left and right of `more` rows after them."""
        _, left, _, right = cell.halo
        if count or left or right:
            args = 1, cell.blocks, more, cell.columns, count, left, 0, right, cell.pixel
            to.emit(blocks.frame, cell.view(row, -left), *args, *cell.strides, tasks=cell.blocks)

    def shift(self, to, cell, low, count):
        """Move rows [low, low + count) to the front."""
        source, cell.origin = cell.view(low), low
        args = 1, cell.blocks, count, cell.columns, *cell.strides, *cell.strides
        to.emit(blocks.copy, source, cell.view(low), *args, tasks=cell.blocks * count)


def link(ops, kept):
    """The operations with pairs joined to chains where that pays."""
    if not fast():
        return ops
    readers: dict = {}
    inside = {cell.root for op in ops for cell in (*op.reads, *op.writes) if cell.root}
    for op in ops:
        for cell in op.reads:
            readers.setdefault(cell, []).append(op)
    found: list = []
    for op in ops:
        before = found[-1] if found else None
        if before and joins(before, op) and readers[op.x] == [op] and not {op.x} & (inside | kept) and op.x.movable:
            rows = band(before.y, op)
            if rows < op.y.rows:
                found[-1] = Chain(op.layer, before.reads, op.writes, before, op, rows)
                continue
        found.append(op)
    return found


def joins(first, second):
    """Whether these may be a chain: a direct convolution of one image, then a depthwise one or a pooling of it."""
    window = isinstance(second, Pooling) or (isinstance(second, Convolution) and second.choice.name == "depthwise")
    direct = isinstance(first, Convolution) and first.choice.name == "direct"
    return direct and window and second.x is first.y and first.y.images == 1


def band(cell, second):
    """Rows of outputs a band; all of them where the map between is no burden."""
    row = 4 * cell.blocks * cell.row
    if row * cell.rows < l2() // 3:
        return second.y.rows
    extent, stride, _ = second.vertical
    rows = (l2() // 4 // row - extent) // stride + 1
    return max(rows, LEAST, -(-extent // stride))
