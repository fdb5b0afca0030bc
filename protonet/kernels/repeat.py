"""Rows repeated: y[o, t] <- x[o] for x (O, A) and y (O, T, A).  A task is `group` of the o; `cut` counts them.

Rows of one number are filled, and summed side by side.
"""

from protonet.kernels.jit import address, f32, i64, kernel
from protonet.kernels.memory import copy, fill

O, T, A = "OTA"
ENOUGH = 4096  # numbers a task


def cut(O, T, A):
    """(o a task, tasks)."""
    group = max(1, ENOUGH // max(1, T * A))
    return group, -(-O // group)


@kernel(out="y")
def repeat(x: f32[O, A], y: f32[O, T, A], group: i64, begin, end):
    O, T, A = y.shape
    for o in range(begin * group, min(end * group, O)):
        if A == 1:
            fill(address(y, (o, 0, 0)), x[o, 0], T)
        else:
            for t in range(T):
                copy(address(y, (o, t, 0)), address(x, (o, 0)), A)


@kernel(out="dx")
def repeat_grad(dy: f32[O, T, A], dx: f32[O, A], group: i64, begin, end):
    """dx[o] <- sum of dy[o, t] over t."""
    O, T, A = dy.shape
    for o in range(begin * group, min(end * group, O)):
        if A == 1:
            total = f32(0.0)
            for t in range(T):
                total += dy[o, t, 0]
            dx[o, 0] = total
        else:
            for a in range(A):
                dx[o, a] = 0.0
            for t in range(T):
                for a in range(A):
                    dx[o, a] += dy[o, t, a]
