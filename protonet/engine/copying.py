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


def move(to, x, y):
    rows, columns, (xs, ys) = follow(x, y)
    args = x.images, x.blocks, rows, columns, *xs, *ys
    to.emit(blocks.copy, x.view(), y.view(), *args, tasks=x.images * x.blocks * rows)
