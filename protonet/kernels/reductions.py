"""A numbers made one: those of a row, or what lies S apart.  A task is `group` rows (see `cut`), or WIDE columns.

Sums are of float64, and divided by n at the end.
"""

import math

from protonet.kernels.bits import maximum
from protonet.kernels.jit import address, f32, f64, i64, intrinsic, kernel
from protonet.kernels.simd import BYTES, F32, W, ir

O, A, S = "OAS"
SUM, MAX, MIN, PROD = range(4)
ENOUGH, WIDE = 4096, 1024  # numbers a task; columns
LINE = 4  # vectors a turn
TOGETHER = 8 * (W // 2)  # columns whose sums fit in registers: eight vectors of float64


def extreme(better, least, reduced):
    """An intrinsic: the best of n numbers, NaN if any is.  (llvm.maximum does as much, in thrice the instructions.)"""

    @intrinsic
    def extreme(e, x, n) -> f32:
        b = e.b
        none = ir.Constant(ir.VectorType(ir.IntType(1), W), None)

        def more(v, best, bad):
            return getattr(e, better)(v, best), b.or_(bad, b.fcmp_unordered("uno", v, v))

        def line(i, c):
            at, *state = c
            for k in range(LINE):
                state[2 * k : 2 * k + 2] = more(e.load(at, BYTES * k), *state[2 * k : 2 * k + 2])
            return [e.at(at, BYTES * LINE), *state]

        def vector(i, c):
            at, *state = c
            return [e.at(at, BYTES), *more(e.load(at), *state)]

        lines = b.sdiv(n, e.int(LINE * W))
        n = b.sub(n, b.mul(lines, e.int(LINE * W)))
        at, *state = e.loop(lines, [x, *[e.const(least), none] * LINE], line)
        best, bad = state[:2]
        for k in range(1, LINE):
            best, bad = getattr(e, better)(state[2 * k], best), b.or_(bad, state[2 * k + 1])
        vectors = b.sdiv(n, e.int(W))
        n = b.sub(n, b.mul(vectors, e.int(W)))
        at, best, bad = e.loop(vectors, [at, best, bad], vector)
        mask = e.mask(n)
        best, bad = more(b.select(mask, e.load_masked(at, mask), e.const(least)), best, bad)
        found = e.call(f"llvm.vector.reduce.{reduced}.v{W}f32", best, result=F32)
        some = b.icmp_signed("!=", b.bitcast(bad, ir.IntType(W)), ir.Constant(ir.IntType(W), 0))
        return b.select(some, F32(math.nan), found)

    return extreme


largest, smallest = extreme("max", -math.inf, "fmax"), extreme("min", math.inf, "fmin")


def cut(O, A):
    """(rows a task, tasks)."""
    group = max(1, ENOUGH // max(1, A))
    return group, max(1, -(-O // group))


@kernel(out="y")
def reduce(x: f32[O, A], y: f32[O], how: i64, n: f64, group: i64, begin, end):
    O, A = x.shape
    for o in range(begin * group, min(end * group, O)):
        if how == SUM:
            total = f64(0)
            for a in range(A):
                total += f64(x[o, a])
            y[o] = f32(total / n)
        elif how == PROD:
            product = f32(1.0)
            for a in range(A):
                product *= x[o, a]
            y[o] = product
        elif how == MAX:
            y[o] = largest(address(x, (o, 0)), A)
        else:
            y[o] = smallest(address(x, (o, 0)), A)


def columns(O, S):
    """Tasks."""
    return O * -(-S // WIDE)


def totals(count):
    """An intrinsic: `count` half vectors of columns of A rows, `pitch` bytes apart, summed and divided by n."""

    @intrinsic
    def totals(e, x, pitch, A, y, n: f64):
        b, wide, half = e.b, ir.VectorType(ir.DoubleType(), W // 2), ir.VectorType(F32, W // 2)
        zero = ir.Constant(wide, [0.0] * (W // 2))

        def row(_, c):
            at, *sums = c
            values = [b.fpext(e.load(at, BYTES // 2 * k, W // 2), wide) for k in range(count)]
            return [b.add(at, pitch), *map(b.fadd, sums, values)]

        _, *sums = e.loop(A, [x, *[zero] * count], row)
        n = e.splat(n, W // 2)
        halves = [b.fptrunc(b.fdiv(total, n), half) for total in sums]
        for k, (left, right) in enumerate(zip(halves[::2], halves[1::2], strict=True)):
            e.store(e.shuffle(left, right, list(range(W))), y, BYTES * k)

    return totals


many, few = totals(TOGETHER // (W // 2)), totals(2)


@kernel(out="y")
def reduce_columns(x: f32[O, A, S], y: f32[O, S], how: i64, n: f64, begin, end):
    """y[o, s] <- x[o, :, s] made one, in the order of A."""
    O, A, S = x.shape
    parts = (S + WIDE - 1) // WIDE
    for task in range(begin, end):
        o = task // parts
        first = (task - o * parts) * WIDE
        last = min(first + WIDE, S)
        if how == SUM:
            start = first
            while first + TOGETHER <= last:
                many(address(x, (o, 0, first)), 4 * S, A, address(y, (o, first)), n)
                first += TOGETHER
            while first < last and start + W <= last:
                at = min(first, last - W)  # the last vector takes some columns again
                few(address(x, (o, 0, at)), 4 * S, A, address(y, (o, at)), n)
                first += W
            for s in range(first, last):
                total = f64(0)
                for a in range(A):
                    total += f64(x[o, a, s])
                y[o, s] = f32(total / n)
        else:
            sign = f32(-1.0) if how == MIN else f32(1.0)
            for s in range(first, last):
                y[o, s] = sign * x[o, 0, s]
            for a in range(1, A):
                if how == PROD:
                    for s in range(first, last):
                        y[o, s] *= x[o, a, s]
                else:
                    for s in range(first, last):
                        y[o, s] = maximum(y[o, s], sign * x[o, a, s])
            if how == MIN:
                for s in range(first, last):
                    y[o, s] = -y[o, s]
