"""One number in, one number out, on blocked activations (conv_blocked.py): per-channel factors, sums of two, LRN.

An activation is max(v, lo), then min(v, hi), then for v < 0 a factor slope[c]: 1 leaves v as it is.
Bound: memory.
"""

from protonet.kernels.blocks import place
from protonet.kernels.jit import address, f32, i64, intrinsic, kernel
from protonet.kernels.simd import BYTES, W

X, R, A, Y = "X", "R", "A", "Y"
SUM, PRODUCT, MAXIMUM = 0, 1, 2
LINE = 8  # pixels of LRN at a time: their squares stay in L1


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


@intrinsic
def square(e, x, y):
    v = e.load(x)
    e.store(e.b.fmul(v, v), y)


@intrinsic
def damped(e, x, squares, size, y, alpha: f32, k: f32):
    """y <- x / (k + alpha * sum of `size` squares)^(3/4): two square roots."""

    def one(_, c):
        return [e.at(c[0], 4), e.b.fadd(c[1], e.load(c[0]))]

    _, total = e.loop(size, [squares, e.const(0)], one)
    base = e.fma(total, e.splat(alpha), e.splat(k))
    root = e.call(f"llvm.sqrt.v{W}f32", base)
    e.store(e.b.fdiv(e.load(x), e.b.fmul(root, e.call(f"llvm.sqrt.v{W}f32", root))), y)


@intrinsic
def clear(e, y):
    e.store(e.const(0), y)


@kernel
def lrn(
    x: f32[X], y: f32[Y], images: i64, blocks: i64, rows: i64, columns: i64,
    xn: i64, xr: i64, xb: i64, yn: i64, yr: i64, yb: i64, size: i64, alpha: f32, k: f32, begin, end, memory,
):  # fmt: skip
    """Local response normalisation across channels, beta 0.75; lanes past the last channel hold 0.  A task is a row.

    memory: LINE times the squares of a pixel's channels, with a vector of zeros on both sides (size <= 2 W + 1).
    """
    line = (blocks + 2) * BYTES
    for p in range(LINE):
        clear(memory + p * line)
        clear(memory + p * line + (blocks + 1) * BYTES)
    for task in range(begin, end):
        image = task // rows
        i = task - image * rows
        j = i64(0)
        while j < columns:
            n = min(LINE, columns - j)
            at, to = address(x, image * xn + i * xr + j * W), address(y, image * yn + i * yr + j * W)
            for c in range(blocks):
                for p in range(n):
                    square(at + 4 * c * xb + p * BYTES, memory + p * line + (c + 1) * BYTES)
            for p in range(n):
                for c in range(blocks):
                    first = memory + p * line + (c + 1) * BYTES - size // 2 * 4
                    damped(at + 4 * c * xb + p * BYTES, first, size, to + 4 * c * yb + p * BYTES, alpha, k)
            j += LINE
