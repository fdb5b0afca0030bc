"""One number in, one number out, on blocked activations (conv_blocked.py): per-channel factors, sums of two, LRN.

An activation is max(v, lo), then min(v, hi), then for v < 0 a factor slope[c]: 1 leaves v as it is.
Bound: memory.
"""

from functools import cache

from protonet.kernels.blocks import place
from protonet.kernels.jit import address, f32, i64, intrinsic, kernel
from protonet.kernels.simd import BYTES, I32, VECTOR, W, ir

X, R, A, Y = "X", "R", "A", "Y"
SUM, PRODUCT, MAXIMUM = 0, 1, 2


def finished(e, v, slope, lo, hi):
    v = e.min(e.max(v, lo), hi)
    zero = e.const(0)
    return e.fma(slope, e.min(v, zero), e.max(v, zero))


@intrinsic
def scaled(e, x, a, b, slope, y, vectors, lo: f32, hi: f32):
    factor, shift, slope, lo, hi = e.load(a), e.load(b), e.load(slope), e.splat(lo), e.splat(hi)

    def one(_, c):
        e.store(finished(e, e.fma(factor, e.load(c[0]), shift), slope, lo, hi), c[1])
        return [e.at(c[0], BYTES), e.at(c[1], BYTES)]

    e.loop(vectors, [x, y], one)


def joined(how):
    """An intrinsic: p * x + q * r, or p * x * r, or the larger of p * x and q * r; and an activation."""

    @intrinsic
    def joined(e, x, r, slope, y, vectors, p: f32, q: f32, lo: f32, hi: f32):
        slope, lo, hi, p, q = e.load(slope), e.splat(lo), e.splat(hi), e.splat(p), e.splat(q)

        def one(_, c):
            first, second = e.b.fmul(p, e.load(c[0])), e.load(c[1])
            if how == SUM:
                v = e.fma(q, second, first)
            else:
                v = e.b.fmul(first, second) if how == PRODUCT else e.max(first, e.b.fmul(q, second))
            e.store(finished(e, v, slope, lo, hi), c[2])
            return [e.at(at, BYTES) for at in c]

        e.loop(vectors, [x, r, y], one)

    return joined


add, times, larger = joined(SUM), joined(PRODUCT), joined(MAXIMUM)


def affine(
    x: f32[X], a: f32[A], b: f32[A], slope: f32[A], y: f32[Y], images: i64, blocks: i64, rows: i64, columns: i64,
    xn: i64, xr: i64, xb: i64, yn: i64, yr: i64, yb: i64, lo: f32, hi: f32, begin, end,
):  # fmt: skip
    """y <- activation(a[c] * x + b[c]); a task is a row of a block."""
    for task in range(begin, end):
        image, c, i = place(task, blocks, rows)
        at, to = address(x, image * xn + c * xb + i * xr), address(y, image * yn + c * yb + i * yr)
        scaled(at, address(a, c * W), address(b, c * W), address(slope, c * W), to, columns, lo, hi)


def combine(
    x: f32[X], r: f32[R], slope: f32[A], y: f32[Y], how: i64, images: i64, blocks: i64, rows: i64, columns: i64,
    xn: i64, xr: i64, xb: i64, rn: i64, rr: i64, rb: i64, yn: i64, yr: i64, yb: i64,
    p: f32, q: f32, lo: f32, hi: f32, begin, end,
):  # fmt: skip
    """y <- activation(x and r, each with its factor, joined); a task is a row of a block."""
    for task in range(begin, end):
        image, c, i = place(task, blocks, rows)
        at, to = address(x, image * xn + c * xb + i * xr), address(y, image * yn + c * yb + i * yr)
        other, s = address(r, image * rn + c * rb + i * rr), address(slope, c * W)
        if how == SUM:
            add(at, other, s, to, columns, p, q, lo, hi)
        elif how == PRODUCT:
            times(at, other, s, to, columns, p, q, lo, hi)
        else:
            larger(at, other, s, to, columns, p, q, lo, hi)


affine, combine = kernel(affine), kernel(combine)


def inverse_root(e, v):
    """1 / sqrt(v) for v > 0: a guess from its bits, then three of Newton's steps."""
    integers = ir.VectorType(I32, W)
    guess = e.b.lshr(e.b.bitcast(v, integers), ir.Constant(integers, [1] * W))
    r = e.b.bitcast(e.b.sub(ir.Constant(integers, [0x5F3759DF] * W), guess), VECTOR)
    half, more = e.b.fmul(v, e.const(-0.5)), e.const(1.5)
    for _ in range(3):
        r = e.b.fmul(r, e.fma(e.b.fmul(half, r), r, more))
    return r


def pixel(size):
    """An intrinsic: all channels of a pixel; xb, yb: bytes to the next block.

    Neighbouring channels come by shuffles of three vectors of squares.  (Read from memory at odd places just after
    they were stored, they would wait for the stores.)
    """

    @intrinsic
    def pixel(e, x, xb, y, yb, blocks, alpha: f32, k: f32):
        b = e.b
        rate, base = e.splat(alpha), e.splat(k)

        def block(i, c):
            at, to, before, here, value = c
            more = b.icmp_signed("<", b.add(i, e.int(1)), blocks)
            at = b.select(more, b.add(at, xb), at)
            coming = e.load(at)
            after = b.select(more, b.fmul(coming, coming), e.const(0))
            total = here
            for d in range(1, size // 2 + 1):
                down = e.shuffle(before, here, list(range(W - d, 2 * W - d)))
                up = e.shuffle(here, after, list(range(d, W + d)))
                total = b.fadd(total, b.fadd(down, up))
            r = inverse_root(e, e.fma(total, rate, base))
            e.store(b.fmul(b.fmul(value, b.fmul(r, r)), inverse_root(e, r)), to)
            return [at, b.add(to, yb), here, after, coming]

        first = e.load(x)
        e.loop(blocks, [x, y, e.const(0), b.fmul(first, first), first], block)

    return pixel


@cache
def make_lrn(size):
    one = pixel(size)

    def lrn(
        x: f32[X], y: f32[Y], images: i64, blocks: i64, rows: i64, columns: i64,
        xn: i64, xr: i64, xb: i64, yn: i64, yr: i64, yb: i64, alpha: f32, k: f32, begin, end,
    ):  # fmt: skip
        """y <- x / (k + alpha * sum of the squares of `size` channels around)^(3/4).  A task is a row.

        The power is r^2 / sqrt(r), r the inverse root of the base.  Lanes past the last channel must hold 0.
        """
        for task in range(begin, end):
            image = task // rows
            i = task - image * rows
            for j in range(columns):
                at, to = address(x, image * xn + i * xr + j * W), address(y, image * yn + i * yr + j * W)
                one(at, 4 * xb, to, 4 * yb, blocks, alpha, k)

    lrn.__name__ = f"lrn_{size}"
    return kernel(lrn)


def lrn(size):
    """The kernel for sums over so many channels: odd, at most 2 W + 1."""
    return make_lrn(size)


def named(wanted):
    """The kernel of this name, for processes that compile."""
    return lrn(int(wanted.rpartition("_")[2]))
