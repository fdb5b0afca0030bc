"""The weights' gradient of a convolution: how kernels/conv_weights.py is cut into tasks."""

from dataclasses import dataclass
from math import prod
from typing import Any

from protonet.engine.layout import PIXELS
from protonet.engine.machine import l2
from protonet.engine.op import Op
from protonet.kernels import conv_weights
from protonet.kernels.conv_weights import INPUTS, SUMS
from protonet.kernels.simd import W
from protonet.runtime.step import Buffer

NEAR = 24 << 10  # bytes of lines that stay in L1 while all parts see them
LONG = 12544  # pixels that are added one by one, at most: rounding grows with their number
SHORT = 512  # pixels of a chunk, at least, before parts and outputs are cut instead
TASKS = 16  # at least, where work can be cut into so many


@dataclass(eq=False)
class Weights(Op):
    """dw += the gradient of the weights.  reads: x, dy."""

    window: Any
    groups: int
    dw: Any  # (K, C, kh, kw)

    def lower(self, to):
        (x, dy), w, G = self.reads, self.window, self.groups
        K, C, *_ = self.dw.shape
        K, T = K // G, prod(w.kernel)
        vecs = dy.blocks // G if G > 1 else dy.blocks
        sides = conv_weights.sides(vecs)
        inputs, parts, order, places, step, each = self.parts(x, C, -(-vecs // sides))
        rows, columns, xr, yr = self.lines(x, dy)
        many, much, chunk, lines = self.cut(len(parts), each, inputs, vecs, sides, rows, columns)
        chunks, bunches, heaps = -(-dy.images * rows // chunk), -(-len(parts) // many), -(-sides // much)
        sums = Buffer((chunks * G * vecs * places * W,), "arena", f"{self.layer.name} sums")
        xg = x.blocks // G * x.block if G > 1 else 0
        (xn, _, _), (yn, _, yb) = x.strides, dy.strides
        start = x.view(-w.before[0], -w.before[1])
        args = G, vecs, sides, places, step, many, much, dy.images, rows, columns, chunk, lines
        strides = xg, xn, xr, w.stride[1] * x.pixel, yn, yr, yb
        table = to.constants.table(parts).seen(len(parts), 2)
        tasks = chunks * G * heaps * bunches
        to.emit(conv_weights.weights(inputs, vecs), start, table, dy.view(), sums, *args, *strides, tasks=tasks)
        dw, table = self.dw.seen(G, K, C * T), to.constants.table(order)
        to.emit(conv_weights.collect, sums, table, dw, chunks, sides, places, tasks=G * -(-K // W))

    def lines(self, x, dy):
        """(rows, columns, floats to the next row of x, of dy): where all is one line, a cut of it into short ones."""
        w = self.window
        if w.kernel == w.stride == (1, 1) and x.dense and dy.dense and x.shape[2:] == dy.shape[2:]:
            whole = dy.rows * dy.columns
            rows = next(n for n in range(1, whole + 1) if whole % n == 0 and whole // n <= 128)
            return rows, whole // rows, whole // rows * W, whole // rows * W
        return dy.rows, dy.columns, x.row * w.stride[0], dy.row

    def parts(self, x, C, vectors):
        """(numbers in a part, where each part begins and its sums, the place of the sums of each (c, t), places,
        places between a part's numbers, parts that look at the same numbers).
        """
        w = self.window
        (kh, kw), T = w.kernel, prod(w.kernel)
        down, across = [i * w.dilation[0] * x.row for i in range(kh)], [j * w.dilation[1] * x.pixel for j in range(kw)]
        if x.form == PIXELS and w.dilation[1] == 1:
            wide = kw * C
            inputs = inputs_of(wide, vectors)
            pitch = -(-wide // inputs) * inputs
            parts = [(row + s, i * pitch + s) for i, row in enumerate(down) for s in range(0, wide, inputs)]
            order = [i * pitch + j * C + c for c in range(C) for i in range(kh) for j in range(kw)]
            return inputs, parts, order, kh * pitch, 1, len(parts)
        lanes = INPUTS if x.form != PIXELS or C > INPUTS else C
        parts = [
            (c // x.pixel * x.block + c % x.pixel + row + column, c * T + i * kw + j)
            for b in range(0, C, x.pixel)
            for i, row in enumerate(down)
            for j, column in enumerate(across)
            for c in range(b, min(b + x.pixel, C), lanes)
        ]
        each = T * -(-min(x.pixel, C) // lanes)
        return lanes, parts, list(range(C * T)), -(-C // lanes) * lanes * T, T, each

    def cut(self, count, each, inputs, vecs, sides, rows, columns):
        """(parts a task, sides a task, lines a task, lines at a time)."""
        (x, dy), w, wide = self.reads, self.window, -(-vecs // sides)
        seen = prod(map(min, w.kernel, w.stride)) * x.pixel  # numbers of x that come with a pixel
        lines = max(1, NEAR // (4 * (W * wide + seen)) // columns)
        total = dy.images * rows
        many = min(count, max(1, l2() // 4 // (4 * W * inputs * wide * each)) * each)
        much = max(1, min(sides, l2() // 4 // (4 * W * inputs * wide * many)))
        chunks = max(1, -(-total * columns // LONG))
        wanted = -(-TASKS // (self.groups * -(-count // many) * -(-sides // much)))
        chunks = max(chunks, min(wanted, total * columns // SHORT))
        wanted = -(-TASKS // (self.groups * chunks))
        if -(-count // many) * -(-sides // much) < wanted:
            many = max(1, min(many, count // min(wanted, max(1, count // each)) // each)) * each
            many = min(many, count)
            much = max(1, min(much, sides // -(-wanted // -(-count // many))))
        chunk = -(-total // chunks)
        if chunk > rows:
            chunk = -(-chunk // rows) * rows
        elif chunk < rows:
            chunk = next(n for n in range(chunk, rows + 1) if rows % n == 0)
        lines = min(lines, chunk)
        if lines > rows:
            lines = lines // rows * rows
        elif lines < rows and chunk < rows:
            lines = next(n for n in range(lines, 0, -1) if chunk % n == 0)
        return many, much, chunk, lines


def inputs_of(wide, vectors):
    """Numbers of a part of a window's row, with the least left over."""
    return min(range(4, SUMS // vectors + 1), key=lambda n: (-(-wide // n) * (n * vectors + 2), -n))
