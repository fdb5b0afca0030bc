"""Maps x (R, H, W) in a frame, or what a frame shows of them: y (R, P, Q).  A task is `group` maps."""

from protonet.kernels.jit import address, f32, i64, kernel
from protonet.kernels.memory import copy, fill

R, H, W, P, Q = "RHWPQ"
ENOUGH = 4096  # numbers a task


def cut(R, P, Q):
    """(maps a task, tasks)."""
    group = max(1, ENOUGH // max(1, P * Q))
    return group, -(-R // group)


@kernel(out="y")
def reframe(x: f32[R, H, W], y: f32[R, P, Q], top: i64, left: i64, value: f32, group: i64, begin, end):
    """y[r, p, q] <- x[r, p - top, q - left], `value` where x has no such place."""
    _, H, W = x.shape
    R, P, Q = y.shape
    first, last = max(left, 0), max(min(left + W, Q), 0)
    for r in range(begin * group, min(end * group, R)):
        for p in range(P):
            h = p - top
            if h >= 0 and h < H and last > first:
                fill(address(y, (r, p, 0)), value, first)
                copy(address(y, (r, p, first)), address(x, (r, h, first - left)), last - first)
                fill(address(y, (r, p, last)), value, Q - last)
            else:
                fill(address(y, (r, p, 0)), value, Q)
