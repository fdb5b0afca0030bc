"""A 1 x 1 convolution by Strassen (kernels/strassen.py): its seven products, and what comes between."""

from functools import cache

import numpy as np

from protonet.engine import pack
from protonet.engine.choose import direct
from protonet.engine.layout import SLACK
from protonet.engine.machine import W
from protonet.engine.tiles import Problem, tiled
from protonet.kernels import strassen
from protonet.kernels.conv_blocked import BELOW, conv
from protonet.runtime.step import Buffer

INF = float("inf")


class Area:
    """A part of a cell, or working memory: where it begins, and (image, row, block) in floats."""

    def __init__(self, buffer, strides, start=0):
        self.buffer, self.strides, self.start = buffer, strides, start

    def view(self):
        return self.buffer.seen(self.buffer.count - self.start, start=self.start)


def parts(w):
    """The seven left operands, from weights (K, C, 1, 1)."""
    K, C = (n // 2 for n in w.shape[:2])
    a11, a12, a21, a22 = (part.astype(np.float64) for part in (w[:K, :C], w[:K, C:], w[K:, :C], w[K:, C:]))
    s1 = a21 + a22
    s2 = s1 - a11
    return dict(a11=a11, a12=a12, s2=s2, s3=a11 - a21, s1=s1, s4=a12 - s2, a22=-a22)


def lower(op, to):
    """`op`: a Convolution whose choice this is."""
    x, y, old = op.x, op.y, op.added
    mode, bias, slope, lo, hi = op.numbers(to)
    N, V, rows = y.images, y.columns, -(-y.rows // 2)
    second = y.rows - rows
    ins, outs = x.blocks // 2, y.blocks // 2
    name = op.node.name

    def quarters(cell):
        """The four parts of a cell: (block half, row half)."""
        buffer, half = cell.buffer, cell.blocks // 2
        starts = [cell.start + i * half * cell.block + j * second * cell.row for i in (0, 1) for j in (0, 1)]
        return [Area(buffer, cell.strides, start) for start in starts]

    def working(count, blocks):
        size = N * blocks * rows * V * W
        buffer = Buffer((count * size + SLACK,), "arena", f"{name} halves")
        return [Area(buffer, (blocks * rows * V * W, V * W, rows * V * W), i * size) for i in range(count)], size

    def multiply(which, a, b, c, start=None, numbers=None):
        """c <- which a times b, from `start`; with bias and activation where `numbers` are given."""
        act, shift, low, high = numbers or (BELOW, zeros, -INF, INF)
        joined = all(area.strides[1] == V * W for area in (b, c, start or c))
        problem = Problem(N, 1, ins * W, outs * W, rows, V, (1, 1), joined=joined, rate=op.rate)
        how = tiled(problem, direct(problem).tile, 4 * ins * W)
        table = to.constants.table(np.full(ins, 4 * b.strides[2]))
        (bn, br, _), cs, ss = b.strides, c.strides, start.strides if start else (0, 0, 0)
        args = 1, outs, N, *how.lines, how.chunk, 0, bn, br, *cs, *ss, start is not None, low, high
        kernel = conv(how.pixels, how.vectors, W, W, act)
        first = start.view() if start else shift
        arrays = b.view(), table, a, shift, slopes[which[0] == "2"], first, c.view(), a.seen(1)
        to.emit(kernel, *arrays, *args, tasks=how.tasks)

    operands = cache(lambda: parts(op.merged()))
    weights = {
        part: to.constants.get(("strassen", part, op.known), lambda part=part: pack.direct(operands()[part]))
        for part in ("a11", "a12", "s2", "s3", "s1", "s4", "a22")
    }
    zeros = to.constants.get(("vector", 0.0, outs * W), lambda: pack.vector(0.0, outs * W))
    halves = [bias.seen(outs * W, start=i * outs * W) for i in (0, 1)]
    slopes = [slope.seen(outs * W, start=i * outs * W) for i in (0, 1)]
    y = to.write(y)
    (b11, _, b21, b22), (c11, c12, c21, _) = quarters(x), quarters(y)
    r11 = quarters(old)[0] if old else None
    (t1, t2, t3, t4), step = working(4, ins)
    (q,), _ = working(1, outs)
    (r,), _ = working(1, outs)
    (z,), _ = working(1, outs)
    to.emit(strassen.spread, x.view(), t1.buffer, N, ins, rows, V, step, second, *x.strides, tasks=N * ins)
    multiply("1", weights["a11"], b11, q, r11)
    multiply("1", weights["a12"], b21, c11, q, (mode, halves[0], lo, hi))
    multiply("1", weights["s2"], t2, q, q)
    multiply("1", weights["s3"], t3, r, q)
    multiply("1", weights["s1"], t1, z)
    places = *(old.strides if old else (0, 0, 0)), *y.strides
    given = old.view() if old else bias
    args = old is not None, N, outs, rows, V, second, *places, lo, hi
    to.emit(strassen.gather, q.buffer, r.buffer, z.buffer, bias, given, y.view(), *args, tasks=N * outs)
    multiply("1", weights["s4"], b22, c12, q, (mode, halves[0], lo, hi))
    multiply("2", weights["a22"], t4, c21, r, (mode, halves[1], lo, hi))
