"""Cells: a value of the graph in one form, and where it lies.

    plain     (N, C, H, W) as the world sees it, or any other shape
    blocked   [image][C / W][row][pixel][W], W floats a vector, lanes past the last channel hold anything finite
    pixels    [image][row][pixel][C]: the few channels of a picture, side by side

Blocked cells and pixels have a halo of zeros, as wide as any reader's padding wants.  A cell may lie inside another,
its root, from a block of channels on: so Concat and Slice cost nothing.
"""

from dataclasses import dataclass, field
from math import prod

from protonet.kernels.simd import W
from protonet.runtime.step import Buffer

PLAIN, BLOCKED, PIXELS = "plain", "blocked", "pixels"
SLACK = 64 * W  # floats after the last that a tile may read, and never uses
PAGE = 1024  # floats: blocks this far apart, times anything, would all fall in one set of the L1 cache


@dataclass(eq=False)
class Cell:
    shape: tuple[int, ...]
    form: str = PLAIN
    name: str = ""
    halo: tuple[int, int, int, int] = (0, 0, 0, 0)  # above, left, below, right
    root: "Cell | None" = None
    first: int = 0  # its first block in the root
    before: int = 0  # images of the root before it
    held: int = 0  # rows in memory at a time, where not all are
    origin: int = 0  # the first of those
    memory: Buffer | None = field(default=None, repr=False)

    def need(self, *halo):
        """A reader looks this far beyond the borders."""
        self.halo = tuple(map(max, self.halo, halo, (0, 0, 0, 0)))

    def put(self, root, first, before=0):
        """Lie inside another cell, from this block and this image on."""
        self.root, self.first, self.before = root, first, before

    @property
    def movable(self):
        """Whether it may still be put inside another."""
        return self.root is None and self.memory is None

    @property
    def top(self):
        return self.root.top if self.root else self

    @property
    def block_in_top(self):
        return self.first + self.root.block_in_top if self.root else 0

    @property
    def before_in_top(self):
        return self.before + self.root.before_in_top if self.root else 0

    @property
    def images(self):
        return self.shape[0]

    @property
    def blocks(self):
        return -(-self.shape[1] // W)

    @property
    def rows(self):
        return self.shape[2]

    @property
    def columns(self):
        return self.shape[3]

    @property
    def pixel(self):
        return self.shape[1] if self.form == PIXELS else W

    @property
    def row(self):
        """Floats to the next row."""
        _, left, _, right = self.top.halo
        return self.pixel * (left + self.columns + right)

    @property
    def block(self):
        """Floats to the next block of channels."""
        above, _, below, _ = self.top.halo
        size = self.row * (self.held or above + self.rows + below)
        return size + 2 * W if size % PAGE == 0 else size

    @property
    def image(self):
        return self.block * (1 if self.form == PIXELS else self.top.blocks)

    @property
    def strides(self):
        return self.image, self.row, self.block

    @property
    def start(self):
        """Where its first number is in its buffer."""
        if self.form == PLAIN:
            return self.before_in_top * prod(self.shape[1:])
        above, left, _, _ = self.top.halo
        inside = (-self.origin if self.held else above) * self.row + left * self.pixel
        return inside + self.block_in_top * self.block + self.before_in_top * self.top.image

    @property
    def dense(self):
        """Whether the rows of a block follow one another."""
        return self.row == self.columns * self.pixel

    @property
    def buffer(self):
        top = self.top
        if top.memory is None:
            shape = top.shape if top.form == PLAIN else (top.images * top.image + SLACK,)
            top.memory = Buffer(shape, "arena", top.name, alone=top.form != PLAIN)
        return top.memory

    def view(self, row=0, column=0, block=0):
        """The buffer from a pixel of a block on; above and left of the first one is the halo."""
        start = self.start + row * self.row + column * self.pixel + block * self.block
        return self.buffer.seen(self.buffer.count - start, start=start)

    def like(self, other):
        """Whether the same pixel lies equally far from the start in both."""
        return self.form == other.form and self.shape == other.shape and self.top.halo == other.top.halo


def follow(*cells):
    """Lines and their length that these cells, of one size, can be walked in: (rows, columns, the strides of each).

    Where none has a halo left or right, an image is one line.
    """
    first = cells[0]
    if all(cell.dense for cell in cells):
        return 1, first.rows * first.columns, [(c.image, 0, c.block) for c in cells]
    return first.rows, first.columns, [c.strides for c in cells]
