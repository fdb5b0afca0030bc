"""Windows of two maps compared: x and z are N x H x X x C, padded, channels last; y is N x D x P x Q.

Top (p, q) of displacement d compares the k x k window of x at (first + s p, first + s q) with that of z, moved by
(d / E - E / 2, d % E - E / 2) * step, E being the displacements along an axis: the mean of their products.
"""

from protonet.kernels.jit import f32, i64, kernel

N, H, X, C, D, P, Q = "N", "H", "X", "C", "D", "P", "Q"


@kernel(out="y")
def correlate(
    x: f32[N, H, X, C], z: f32[N, H, X, C], y: f32[N, D, P, Q], k: i64, first: i64, stride: i64, step: i64, E: i64,
    begin, end,
):  # fmt: skip
    """A task is a row of the top."""
    C, P, Q = x.shape[3], y.shape[2], y.shape[3]
    share = f32(1) / f32(k * k * C)
    for row in range(begin, end):
        n, p = row // P, row % P
        for d in range(y.shape[1]):
            down, across = (d // E - E // 2) * step, (d % E - E // 2) * step
            for q in range(Q):
                h, w, total = first + stride * p, first + stride * q, f32(0)
                for i in range(k):
                    for j in range(k):
                        for c in range(C):
                            total += x[n, h + i, w + j, c] * z[n, h + down + i, w + across + j, c]
                y[n, d, p, q] = total * share


@kernel(out="dx")
def correlate_grad(
    dy: f32[N, D, P, Q], z: f32[N, H, X, C], dx: f32[N, H, X, C], sign: i64, k: i64, first: i64, stride: i64, step: i64,
    E: i64, begin, end,
):  # fmt: skip
    """dx <- the gradient of x (sign 1), or of what is moved (sign -1), z being the other.  A task is an image."""
    N, H, X, C = dx.shape
    share = f32(1) / f32(k * k * C)
    for n in range(begin, end):
        for h in range(H):
            for w in range(X):
                for c in range(C):
                    dx[n, h, w, c] = 0.0
        for d in range(dy.shape[1]):
            down, across = (d // E - E // 2) * step, (d % E - E // 2) * step
            for p in range(dy.shape[2]):
                for q in range(dy.shape[3]):
                    g = dy[n, d, p, q] * share
                    h, w = first + stride * p, first + stride * q
                    a, b = (h, w) if sign > 0 else (h + down, w + across)
                    e, f = (h + down, w + across) if sign > 0 else (h, w)
                    for i in range(k):
                        for j in range(k):
                            for c in range(C):
                                dx[n, a + i, b + j, c] += g * z[n, e + i, f + j, c]
