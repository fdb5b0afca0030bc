"""Batch normalisation of blocked activations (conv_blocked.py), with what follows: y = act(a * (x - mean) + beta + r).

    moments -> statistics -> coefficients -> apply or apply_sum        (statistics of the batch)
                  stored -> coefficients -> apply or apply_sum        (batch_norm.stored: those of the net)

`moments` reads x once: squares are of distances from what the mean was so far, so that they are as exact as those from
the mean, and sums are turned to those about 0 in double.  What the other kernels need of a block of channels lies
together in a table, `table[block][MEAN, INV_STD, FACTOR, SHIFT][W]`; lanes past the last channel hold 0.

act: v, and where v < 0 slope * v; slope 1 is none.  Bound: memory.
"""

import math

from protonet.kernels.abreast import RUN, add_doubles, clear_doubles, doubled, sums
from protonet.kernels.blocks import after, place
from protonet.kernels.jit import address, f32, f64, i64, inline, intrinsic, kernel
from protonet.kernels.memory import stack
from protonet.kernels.simd import BYTES, VECTOR, E, W

X, Y, R, P, T, C = "X", "Y", "R", "P", "T", "C"
MEAN, INV_STD, FACTOR, SHIFT = range(4)
TABLE = 4 * W  # floats a block
TASKS = 16  # wanted of sums, if there are so many images
FEW = 16  # vectors whose mean is a good first guess


def chunk(images, blocks):
    """Images that one task sums over; there are -(-images // chunk) * blocks tasks, and so many pairs of vectors."""
    return -(-images // min(images, -(-TASKS // blocks)))


@intrinsic
def guess(e, x, n, pivot):
    """pivot <- the mean of n vectors, about."""
    _, total = e.loop(n, [x, e.const(0)], lambda i, c: [e.at(c[0], BYTES), e.b.fadd(c[1], e.load(c[0]))])
    e.store(e.b.fdiv(total, e.splat(e.b.sitofp(n, VECTOR.element))), pivot)


@intrinsic
def add_moments(e, x, n, pivot, parts, sofar):
    """Two vectors of doubles at `parts` += sums of x and x^2 over n vectors; pivot <- the mean of `sofar` with them."""
    b, near = e.b, e.load(pivot)

    def terms(at, old):
        away = b.fsub(e.load(at[0]), near)
        return [b.fadd(old[0], away), e.fma(away, away, old[1])]

    first, second = (doubled(e, s) for s in sums(e, n, [x], 2, terms))
    near, count = doubled(e, near), e.splat(b.sitofp(n, first.type.element))
    whole = b.fmul(count, near)
    total = add_doubles(e, b.fadd(first, whole), parts)
    add_doubles(e, b.fadd(second, b.fmul(near, b.fadd(b.fadd(first, first), whole))), parts, 1)
    share = b.fdiv(first.type.element(1.0), b.sitofp(b.add(sofar, n), first.type.element))
    e.store(b.fptrunc(b.fmul(total, e.splat(share)), VECTOR), pivot)


pivots = stack(BYTES)


@kernel(out="parts")
def moments(
    x: f32[X], parts: f64[P], images: i64, blocks: i64, rows: i64, columns: i64, xn: i64, xr: i64, xb: i64,
    chunk: i64, begin, end,
):  # fmt: skip
    """parts[chunk of images][block][2][W] <- sums of x and of x^2.  A task is a block in `chunk` images."""
    pivot = pivots()
    for task in range(begin, end):
        part = task // blocks
        c = task - part * blocks
        first, to, sofar = part * chunk, address(parts, task * 2 * W), i64(0)
        clear_doubles(to)
        guess(address(x, first * xn + c * xb), min(columns, FEW), pivot)
        for image in range(first, min(first + chunk, images)):
            for i in range(rows):
                at, j = address(x, image * xn + c * xb + i * xr), i64(0)
                while j < columns:
                    n = min(RUN, columns - j)
                    add_moments(at + j * BYTES, n, pivot, to, sofar)
                    sofar += n
                    j += n


@inline
def total(parts, blocks, chunks, which, c):
    """Number c of the sums of all chunks, in order."""
    found, block = f64(0), c // W
    for k in range(chunks):
        found += parts[((k * blocks + block) * 2 + which) * W + c - block * W]
    return found


@kernel(out="mean var")
def statistics(parts: f64[P], mean: f32[C], var: f32[C], chunks: i64, count: i64, begin, end):
    """mean, var <- mean and biased variance of `count` numbers a channel.  One task."""
    C = mean.shape[0]
    blocks, m = (C + W - 1) // W, f64(count)
    for c in range(C):
        mu = total(parts, blocks, chunks, 0, c) / m
        mean[c] = f32(mu)
        var[c] = f32(max(total(parts, blocks, chunks, 1, c) / m - mu * mu, f64(0)))


@kernel(out="table")
def coefficients(
    mean: f32[C], var: f32[C], gamma: f32[C], beta: f32[C], table: f32[T], scales: i64, shifts: i64, eps: f32,
    outside: i64, begin, end,
):  # fmt: skip
    """table <- what `apply` needs.  scales, shifts: whether gamma and beta count, or are any arrays of C numbers.

    outside: 1 / (sqrt(var) + eps), else 1 / sqrt(var + eps).  One task.
    """
    C = mean.shape[0]
    for i in range(table.shape[0]):
        table[i] = 0.0
    for c in range(C):
        at = c // W * TABLE + c % W
        inv_std = 1.0 / (math.sqrt(var[c]) + eps) if outside != 0 else 1.0 / math.sqrt(var[c] + eps)
        table[at + MEAN * W] = mean[c]
        table[at + INV_STD * W] = inv_std
        table[at + FACTOR * W] = gamma[c] * inv_std if scales != 0 else inv_std
        table[at + SHIFT * W] = beta[c] if shifts != 0 else 0.0


def entry(e: E, table, which):
    return e.load(table, which * BYTES)


def normalised(e: E, away, factor, shift):
    """Before the activation: the very same bits whenever it is asked for."""
    return e.fma(factor, away, shift)


def applied(adds):
    """An intrinsic: n vectors y <- act(factor * (x - mean) + shift, and + r if it adds)."""

    @intrinsic
    def applied(e, x, r, table, y, n, slope: f32, lo: f32):
        b, zero = e.b, e.const(0)
        mean, factor, shift = (entry(e, table, which) for which in (MEAN, FACTOR, SHIFT))
        slope, lo = e.splat(slope), e.splat(lo)

        def one(_, c):
            v = normalised(e, b.fsub(e.load(c[0]), mean), factor, shift)
            if adds:
                v = b.fadd(v, e.load(c[1]))
            v = e.max(v, lo)
            e.store(b.select(b.fcmp_ordered("<", v, zero), b.fmul(slope, v), v), c[2])
            return [e.at(at, BYTES) for at in c]

        e.loop(n, [x, r, y], one)

    return applied


alone, together = applied(False), applied(True)


@inline
def lowest(slope):
    """What an activation leaves at least: inf * 0 shall not come up."""
    return f32(0) if slope == f32(0) else f32(-math.inf)


@kernel(out="y", y="x")
def apply(
    x: f32[X], table: f32[T], y: f32[Y], slope: f32, images: i64, blocks: i64, rows: i64, columns: i64,
    xn: i64, xr: i64, xb: i64, yn: i64, yr: i64, yb: i64, begin, end,
):  # fmt: skip
    """y <- act(factor * (x - mean) + shift).  A task is a row of a block."""
    lo = lowest(slope)
    image, c, i = place(begin, blocks, rows)
    for _ in range(begin, end):
        at, to = address(x, image * xn + c * xb + i * xr), address(y, image * yn + c * yb + i * yr)
        alone(at, at, address(table, c * TABLE), to, columns, slope, lo)
        image, c, i = after(image, c, i, blocks, rows)


@kernel(out="y", y="x r")
def apply_sum(
    x: f32[X], r: f32[R], table: f32[T], y: f32[Y], slope: f32, images: i64, blocks: i64, rows: i64, columns: i64,
    xn: i64, xr: i64, xb: i64, rn: i64, rr: i64, rb: i64, yn: i64, yr: i64, yb: i64, begin, end,
):  # fmt: skip
    """y <- act(factor * (x - mean) + shift + r).  A task is a row of a block."""
    lo = lowest(slope)
    image, c, i = place(begin, blocks, rows)
    for _ in range(begin, end):
        at, to = address(x, image * xn + c * xb + i * xr), address(y, image * yn + c * yb + i * yr)
        other = address(r, image * rn + c * rb + i * rr)
        together(at, other, address(table, c * TABLE), to, columns, slope, lo)
        image, c, i = after(image, c, i, blocks, rows)
