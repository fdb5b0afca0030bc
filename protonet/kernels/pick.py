"""Rows and columns picked by number: y (R, P, Q) <- x (R, H, W) at rows[p], columns[q].  A task is a map."""

from protonet.kernels.bits import floor
from protonet.kernels.jit import f32, i64, kernel

R, H, W, P, Q = "RHWPQ"


@kernel(out="at")
def nearest_places(at: i64[P], scale: f32, shift: f32, n: i64, begin, end):
    """at[p] <- p * scale + shift, rounded down, and at least 0 and below n."""
    for p in range(at.shape[0]):
        at[p] = min(max(i64(floor(f32(p) * scale + shift)), 0), n - 1)


@kernel(out="y")
def pick(x: f32[R, H, W], rows: i64[P], columns: i64[Q], y: f32[R, P, Q], begin, end):
    for r in range(begin, end):
        for p in range(y.shape[1]):
            h = rows[p]
            for q in range(y.shape[2]):
                y[r, p, q] = x[r, h, columns[q]]


@kernel(out="dx")
def pick_grad(dy: f32[R, P, Q], rows: i64[P], columns: i64[Q], dx: f32[R, H, W], begin, end):
    for r in range(begin, end):
        for h in range(dx.shape[1]):
            for w in range(dx.shape[2]):
                dx[r, h, w] = 0.0
        for p in range(dy.shape[1]):
            h = rows[p]
            for q in range(dy.shape[2]):
                dx[r, h, columns[q]] += dy[r, p, q]
