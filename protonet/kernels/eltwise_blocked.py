"""Sums, products and maxima of blocked activations (conv_blocked.py) that may lie in place, and their gradients.

In a maximum of two equal ones the second is it, of more the one that was there first, and NaN always is: `which`, a
byte a number, holds the winner's index, and lies as y does without a halo.  Bound: memory.
"""

from protonet.kernels.blocks import after, place
from protonet.kernels.jit import address, f32, i64, intrinsic, kernel, u8
from protonet.kernels.simd import BYTES, E, W, ir

X, Y, R, S, D, Q = "X", "Y", "R", "S", "D", "Q"
BYTE = ir.VectorType(ir.IntType(8), W)


def walk(e: E, n, places, one):
    """one(places) for n vectors; a place is an address and the bytes to the next."""

    def step(_, c):
        one(c)
        return [e.at(at, by) for at, (_, by) in zip(c, places, strict=True)]

    e.loop(n, [at for at, _ in places], step)


def vectors(*places):
    return [(at, BYTES) for at in places]


@intrinsic
def sum_two(e, x, r, y, n, p: f32, q: f32):
    p, q = e.splat(p), e.splat(q)
    walk(e, n, vectors(x, r, y), lambda c: e.store(e.fma(q, e.load(c[1]), e.b.fmul(p, e.load(c[0]))), c[2]))


@intrinsic
def sum_three(e, x, r, s, y, n):
    def one(c):
        e.store(e.b.fadd(e.b.fadd(e.load(c[0]), e.load(c[1])), e.load(c[2])), c[3])

    walk(e, n, vectors(x, r, s, y), one)


@intrinsic
def times(e, x, r, y, n):
    walk(e, n, vectors(x, r, y), lambda c: e.store(e.b.fmul(e.load(c[0]), e.load(c[1])), c[2]))


@intrinsic
def scaled(e, x, y, n, factor: f32):
    factor = e.splat(factor)
    walk(e, n, vectors(x, y), lambda c: e.store(e.b.fmul(factor, e.load(c[0])), c[1]))


@intrinsic
def masked(e, y, dy, dx, n, slope: f32):
    slope, zero = e.splat(slope), e.const(0)

    def one(c):
        v = e.load(c[1])
        e.store(e.b.select(e.b.fcmp_ordered(">", e.load(c[0]), zero), v, e.b.fmul(slope, v)), c[2])

    walk(e, n, vectors(y, dy, dx), one)


def bytes_at(e: E, place):
    return e.pointer(place, BYTE)


@intrinsic
def larger(e, x, r, y, which, n, index, first):
    """Where x > r or x is NaN: it with `index`, else r with what is there, or 1 if this is the first comparison."""
    b = e.b
    index, start = (e.splat(b.trunc(v, BYTE.element)) for v in (index, e.int(1)))
    first = e.splat(b.icmp_signed("!=", first, e.int(0)))

    def one(c):
        v, other = e.load(c[0]), e.load(c[1])
        mine = b.or_(b.fcmp_ordered(">", v, other), b.fcmp_unordered("uno", v, v))
        e.store(b.select(mine, v, other), c[2])
        place = bytes_at(e, c[3])
        b.store(b.select(mine, index, b.select(first, start, b.load(place, align=1))), place, align=1)

    walk(e, n, [*vectors(x, r, y), (which, W)], one)


@intrinsic
def chosen(e, dy, which, dx, n, index):
    b, index = e.b, e.splat(e.b.trunc(index, BYTE.element))

    def one(c):
        mine = b.icmp_signed("==", b.load(bytes_at(e, c[1]), align=1), index)
        e.store(b.select(mine, e.load(c[0]), e.const(0)), c[2])

    walk(e, n, [(dy, BYTES), (which, W), (dx, BYTES)], one)


@kernel(out="y", y="x r")
def add(
    x: f32[X], r: f32[R], y: f32[Y], p: f32, q: f32, images: i64, blocks: i64, rows: i64, columns: i64,
    xn: i64, xr: i64, xb: i64, rn: i64, rr: i64, rb: i64, yn: i64, yr: i64, yb: i64, begin, end,
):  # fmt: skip
    """y <- p * x + q * r.  A task is a row of a block, as in all that follow."""
    image, c, i = place(begin, blocks, rows)
    for _ in range(begin, end):
        at, other = address(x, image * xn + c * xb + i * xr), address(r, image * rn + c * rb + i * rr)
        sum_two(at, other, address(y, image * yn + c * yb + i * yr), columns, p, q)
        image, c, i = after(image, c, i, blocks, rows)


@kernel(out="y", y="x r s")
def add_three(
    x: f32[X], r: f32[R], s: f32[S], y: f32[Y], images: i64, blocks: i64, rows: i64, columns: i64,
    xn: i64, xr: i64, xb: i64, rn: i64, rr: i64, rb: i64, sn: i64, sr: i64, sb: i64, yn: i64, yr: i64, yb: i64,
    begin, end,
):  # fmt: skip
    """y <- x + r + s."""
    image, c, i = place(begin, blocks, rows)
    for _ in range(begin, end):
        at, other = address(x, image * xn + c * xb + i * xr), address(r, image * rn + c * rb + i * rr)
        third, to = address(s, image * sn + c * sb + i * sr), address(y, image * yn + c * yb + i * yr)
        sum_three(at, other, third, to, columns)
        image, c, i = after(image, c, i, blocks, rows)


@kernel(out="y", y="x r")
def multiply(
    x: f32[X], r: f32[R], y: f32[Y], images: i64, blocks: i64, rows: i64, columns: i64,
    xn: i64, xr: i64, xb: i64, rn: i64, rr: i64, rb: i64, yn: i64, yr: i64, yb: i64, begin, end,
):  # fmt: skip
    """y <- x * r."""
    image, c, i = place(begin, blocks, rows)
    for _ in range(begin, end):
        at, other = address(x, image * xn + c * xb + i * xr), address(r, image * rn + c * rb + i * rr)
        times(at, other, address(y, image * yn + c * yb + i * yr), columns)
        image, c, i = after(image, c, i, blocks, rows)


@kernel(out="y", y="x")
def scale(
    x: f32[X], y: f32[Y], factor: f32, images: i64, blocks: i64, rows: i64, columns: i64,
    xn: i64, xr: i64, xb: i64, yn: i64, yr: i64, yb: i64, begin, end,
):  # fmt: skip
    """y <- factor * x."""
    image, c, i = place(begin, blocks, rows)
    for _ in range(begin, end):
        at, to = address(x, image * xn + c * xb + i * xr), address(y, image * yn + c * yb + i * yr)
        scaled(at, to, columns, factor)
        image, c, i = after(image, c, i, blocks, rows)


@kernel(out="dx", dx="dy")
def mask(
    y: f32[Y], dy: f32[D], dx: f32[X], slope: f32, images: i64, blocks: i64, rows: i64, columns: i64,
    yn: i64, yr: i64, yb: i64, dn: i64, dr: i64, db: i64, xn: i64, xr: i64, xb: i64, begin, end,
):  # fmt: skip
    """dx <- dy where y > 0, slope * dy elsewhere.  (gradient_blocked.relu sums it up as well.)"""
    image, c, i = place(begin, blocks, rows)
    for _ in range(begin, end):
        seen, at = address(y, image * yn + c * yb + i * yr), address(dy, image * dn + c * db + i * dr)
        masked(seen, at, address(dx, image * xn + c * xb + i * xr), columns, slope)
        image, c, i = after(image, c, i, blocks, rows)


@kernel(out="y which", y="r")
def maximum(
    x: f32[X], r: f32[R], y: f32[Y], which: u8[Q], index: i64, first: i64,
    images: i64, blocks: i64, rows: i64, columns: i64,
    xn: i64, xr: i64, xb: i64, rn: i64, rr: i64, rb: i64, yn: i64, yr: i64, yb: i64, begin, end,
):  # fmt: skip
    """y <- x where it is greater than r, or NaN, else r; which <- `index` where x won; if `first`, 1 elsewhere."""
    image, c, i = place(begin, blocks, rows)
    for task in range(begin, end):
        at, other = address(x, image * xn + c * xb + i * xr), address(r, image * rn + c * rb + i * rr)
        to = address(y, image * yn + c * yb + i * yr)
        larger(at, other, to, address(which, task * columns * W), columns, index, first)
        image, c, i = after(image, c, i, blocks, rows)


@kernel(out="dx", dx="dy")
def maximum_grad(
    dy: f32[D], which: u8[Q], dx: f32[X], index: i64, images: i64, blocks: i64, rows: i64, columns: i64,
    dn: i64, dr: i64, db: i64, xn: i64, xr: i64, xb: i64, begin, end,
):  # fmt: skip
    """dx <- dy where which is index, else 0."""
    image, c, i = place(begin, blocks, rows)
    for task in range(begin, end):
        at, to = address(dy, image * dn + c * db + i * dr), address(dx, image * xn + c * xb + i * xr)
        chosen(at, address(which, task * columns * W), to, columns, index)
        image, c, i = after(image, c, i, blocks, rows)
