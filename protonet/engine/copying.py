"""Copies from cell to cell, where placement does not do."""

from dataclasses import dataclass

from protonet.engine.layout import follow
from protonet.engine.op import Op
from protonet.kernels import blocks


@dataclass(eq=False)
class Place(Op):
    """Copies those parts that could not be made in place: parts is their first blocks."""

    parts: list

    def lower(self, to):
        for x, part in zip(self.reads, self.parts, strict=True):
            to.write(part)
            move(to, x, part)


@dataclass(eq=False)
class Pick(Op):
    """Every n-th pixel of every n-th row: what a 1 x 1 convolution of that stride looks at."""

    stride: tuple[int, int]

    def lower(self, to):
        (x,), (y,) = self.reads, self.writes
        y = to.write(y)
        args = y.images, y.blocks, y.rows, y.columns, *self.stride, *x.strides, *y.strides
        to.emit(blocks.pick, x.view(), y.view(), *args, tasks=y.images * y.blocks * y.rows)


def move(to, x, y):
    rows, columns, (xs, ys) = follow(x, y)
    args = x.images, x.blocks, rows, columns, *xs, *ys
    to.emit(blocks.copy, x.view(), y.view(), *args, tasks=x.images * x.blocks * rows)
