"""A numbers made one: those of a row, or what lies S apart.  A task is `group` rows (see `cut`), or WIDE columns."""

from protonet.kernels.bits import maximum
from protonet.kernels.jit import f32, f64, i64, kernel

O, A, S = "OAS"
SUM, MEAN, MAX, MIN, PROD = range(5)
ENOUGH, WIDE = 4096, 1024  # numbers a task; columns


def cut(O, A):
    """(rows a task, tasks)."""
    group = max(1, ENOUGH // max(1, A))
    return group, max(1, -(-O // group))


@kernel(out="y")
def reduce(x: f32[O, A], y: f32[O], how: i64, group: i64, begin, end):
    O, A = x.shape
    for o in range(begin * group, min(end * group, O)):
        if how == SUM or how == MEAN:
            total = f64(0)
            for a in range(A):
                total += f64(x[o, a])
            y[o] = f32(total / f64(A)) if how == MEAN else f32(total)
        elif how == PROD:
            product = f32(1.0)
            for a in range(A):
                product *= x[o, a]
            y[o] = product
        elif how == MAX:
            best = x[o, 0]
            for a in range(A):
                best = maximum(best, x[o, a])
            y[o] = best
        else:
            best = -x[o, 0]
            for a in range(A):
                best = maximum(best, -x[o, a])
            y[o] = -best


def columns(O, S):
    """Tasks."""
    return O * -(-S // WIDE)


@kernel(out="y sums")
def reduce_columns(x: f32[O, A, S], y: f32[O, S], sums: f64[O, S], how: i64, begin, end):
    """y[o, s] <- x[o, :, s] made one, in the order of A; sums: working memory.  LLVM makes vectors along S."""
    O, A, S = x.shape
    parts = (S + WIDE - 1) // WIDE
    for task in range(begin, end):
        o = task // parts
        first = (task - o * parts) * WIDE
        last = min(first + WIDE, S)
        if how == SUM or how == MEAN:
            for s in range(first, last):
                sums[o, s] = f64(0)
            for a in range(A):
                for s in range(first, last):
                    sums[o, s] += f64(x[o, a, s])
            n = f64(A) if how == MEAN else f64(1)
            for s in range(first, last):
                y[o, s] = f32(sums[o, s] / n)
        elif how == PROD:
            for s in range(first, last):
                y[o, s] = x[o, 0, s]
            for a in range(1, A):
                for s in range(first, last):
                    y[o, s] *= x[o, a, s]
        elif how == MAX:
            for s in range(first, last):
                y[o, s] = x[o, 0, s]
            for a in range(1, A):
                for s in range(first, last):
                    y[o, s] = maximum(y[o, s], x[o, a, s])
        else:
            for s in range(first, last):
                y[o, s] = -x[o, 0, s]
            for a in range(1, A):
                for s in range(first, last):
                    y[o, s] = maximum(y[o, s], -x[o, a, s])
            for s in range(first, last):
                y[o, s] = -y[o, s]
