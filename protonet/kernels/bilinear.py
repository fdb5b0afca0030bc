"""Maps (R, H, W) read between their numbers: y at (h, w) is x at (ah * h + bh, aw * w + bw).  A task is a map.

Beyond the last row and column lie zeros, or, if `clamp`, more of the same.
"""

from protonet.kernels.bits import floor
from protonet.kernels.jit import f32, i64, inline, kernel

R, H, W, P, Q = "RHWPQ"


@inline
def between(i, a, b, size, clamp):
    """(the number before, how far on it is)."""
    at = a * f32(i) + b
    if clamp != 0:
        at = min(max(at, 0.0), f32(size - 1))
    low = min(max(floor(at), 0.0), f32(size - 1))
    return i64(low), at - low


@kernel(out="y")
def bilinear(x: f32[R, H, W], y: f32[R, P, Q], ah: f32, bh: f32, aw: f32, bw: f32, clamp: i64, begin, end):
    _, H, W = x.shape
    _, P, Q = y.shape
    for r in range(begin, end):
        for p in range(P):
            h, down = between(p, ah, bh, H, clamp)
            lower = h + 1 < H
            for q in range(Q):
                w, right = between(q, aw, bw, W, clamp)
                further = w + 1 < W
                a = x[r, h, w]
                b = x[r, h, w + 1] if further else 0.0
                c = x[r, h + 1, w] if lower else 0.0
                d = x[r, h + 1, w + 1] if lower and further else 0.0
                top = a + right * (b - a)
                y[r, p, q] = top + down * (c + right * (d - c) - top)


@kernel(out="dx")
def bilinear_grad(dy: f32[R, P, Q], dx: f32[R, H, W], ah: f32, bh: f32, aw: f32, bw: f32, clamp: i64, begin, end):
    """dx <- each number's share of all that was read of it."""
    _, H, W = dx.shape
    _, P, Q = dy.shape
    for r in range(begin, end):
        for h in range(H):
            for w in range(W):
                dx[r, h, w] = 0.0
        for p in range(P):
            h, down = between(p, ah, bh, H, clamp)
            for q in range(Q):
                w, right = between(q, aw, bw, W, clamp)
                g = dy[r, p, q]
                dx[r, h, w] += g * (1.0 - down) * (1.0 - right)
                if w + 1 < W:
                    dx[r, h, w + 1] += g * (1.0 - down) * right
                if h + 1 < H:
                    dx[r, h + 1, w] += g * down * (1.0 - right)
                    if w + 1 < W:
                        dx[r, h + 1, w + 1] += g * down * right
