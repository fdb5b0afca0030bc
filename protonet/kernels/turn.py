"""Axes turned: of the six that y is seen with, one (F) is the last of y, another (G) lies one by one in x.

    y[y0 + g * gy + f] <- x[x0 + f * sf + g]     for each (a, b, c, d): x0 and y0 of their strides; all in elements

These are transpositions of G x F, done in blocks of W x W that are turned in registers.  Rows of two (F = 2) are
interleaved, and where either is short the numbers go one by one.  A task is `group` pieces, each WIDE of f of one
(a, b, c, d); `cut` says how many.
"""

from math import prod

from protonet.kernels.jit import address, f32, i64, inline, kernel
from protonet.kernels.memory import flip_whole, turned
from protonet.kernels.simd import BYTES, W, intrinsic

M, L = "M", "L"
WIDE = 64
SHORT = W // 2  # the smallest G or F that is worth a block
ENOUGH = 4096  # numbers a task


def cut(outer, G, F):
    """(pieces a task, tasks)."""
    group = max(1, ENOUGH // max(1, G * min(F, WIDE)))
    return group, -(-prod(outer) * -(-F // WIDE) // group)


@intrinsic
def flip_edge(e, to, pitch, source, line, rows, columns):
    """to[j, i] <- source[i, j] for i < rows, j < columns, both at most W; nothing else is read or written."""
    b = e.b
    within, last = e.mask(columns), b.sub(rows, e.int(1))
    place, block = source, []
    for i in range(W):
        block.append(e.load_masked(place, within))
        place = b.select(b.icmp_signed("<", e.int(i), last), b.add(place, line), place)
    block, whole = turned(e, block), e.mask(rows)
    for j in range(W):
        with b.if_then(b.icmp_signed("<", e.int(j), columns)):
            e.store_masked(block[j], b.add(to, b.mul(e.int(j), pitch)), whole)


@intrinsic
def interleave(e, to, p, q, n):
    """to[:2 * W * n] <- p and q in turns."""

    def vector(i, carried):
        to, p, q = carried
        v, w = e.load(p), e.load(q)
        for k in range(2):
            lanes = [k * W // 2 + i // 2 + W * (i % 2) for i in range(W)]
            e.store(e.shuffle(v, w, lanes), to, k * BYTES)
        return [e.at(to, 2 * BYTES), e.at(p, BYTES), e.at(q, BYTES)]

    e.loop(n, [to, p, q], vector)


@inline
def flip(to, pitch, source, line, rows, columns):
    """to[j, i] <- source[i, j], any number of rows and columns."""
    j = i64(0)
    while j < columns:
        i = i64(0)
        while i < rows:
            place, block = to + j * pitch + 4 * i, source + i * line + 4 * j
            if rows - i >= W and columns - j >= W:
                flip_whole(place, pitch, block, line)
            else:
                flip_edge(place, pitch, block, line, min(rows - i, W), min(columns - j, W))
            i += W
        j += W


@kernel(out="y")
def turn(
    x: f32[M], y: f32[L], group: i64,
    A: i64, B: i64, C: i64, D: i64, F: i64, G: i64,
    xa: i64, xb: i64, xc: i64, xd: i64, sf: i64,
    ya: i64, yb: i64, yc: i64, yd: i64, gy: i64, begin, end,
):  # fmt: skip
    pieces = (F + WIDE - 1) // WIDE
    for piece in range(begin * group, min(end * group, A * B * C * D * pieces)):
        first, outer = piece % pieces * WIDE, piece // pieces
        n = min(F - first, WIDE)
        d, outer = outer % D, outer // D
        c, outer = outer % C, outer // C
        b, a = outer % B, outer // B
        at, to = a * xa + b * xb + c * xc + d * xd + first * sf, a * ya + b * yb + c * yc + d * yd + first
        if n >= SHORT and G >= SHORT:
            flip(address(y, to), 4 * gy, address(x, at), 4 * sf, n, G)
        elif n == 2 and gy == 2:
            interleave(address(y, to), address(x, at), address(x, at + sf), G // W)
            for g in range(G // W * W, G):
                y[to + 2 * g] = x[at + g]
                y[to + 2 * g + 1] = x[at + sf + g]
        elif n > G:
            for g in range(G):
                for f in range(n):
                    y[to + g * gy + f] = x[at + f * sf + g]
        else:
            for f in range(n):
                for g in range(G):
                    y[to + g * gy + f] = x[at + f * sf + g]
