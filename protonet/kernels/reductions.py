"""Rows of A numbers, each made one.  A task is `group` rows; `cut` counts them."""

from protonet.kernels.bits import maximum
from protonet.kernels.jit import f32, f64, i64, kernel

O, A = "OA"
SUM, MEAN, MAX, MIN, PROD = range(5)
ENOUGH = 4096  # numbers a task


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
