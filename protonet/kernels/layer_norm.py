"""Rows of A numbers, each of mean 0 and variance 1.  A task is a row, or CHUNK places of all rows."""

import math

from protonet.kernels.jit import f32, f64, i64, kernel

N, A, B = "NAB"
CHUNK = 256


def columns(A):
    return max(1, -(-A // CHUNK))


@kernel(out="y mean rate")
def layer_norm(
    x: f32[N, A], scale: f32[B], shift: f32[B], y: f32[N, A], mean: f32[N], rate: f32[N], eps: f32, affine: i64,
    begin, end,
):  # fmt: skip
    """y <- (x - mean) * rate, times scale plus shift if `affine`; rate <- 1 / sqrt(variance + eps)."""
    _, A = x.shape
    for n in range(begin, end):
        total = f64(0)
        for a in range(A):
            total += f64(x[n, a])
        m = f32(total / f64(A))
        square = f64(0)
        for a in range(A):
            d = x[n, a] - m
            square += f64(d * d)
        r = 1.0 / math.sqrt(f32(square / f64(A)) + eps)
        mean[n], rate[n] = m, r
        if affine != 0:
            for a in range(A):
                y[n, a] = (x[n, a] - m) * r * scale[a] + shift[a]
        else:
            for a in range(A):
                y[n, a] = (x[n, a] - m) * r


@kernel(out="dx")
def layer_norm_grad(
    x: f32[N, A], scale: f32[B], dy: f32[N, A], mean: f32[N], rate: f32[N], dx: f32[N, A], affine: i64, begin, end
):  # fmt: skip
    _, A = x.shape
    for n in range(begin, end):
        m, r, flat, along = mean[n], rate[n], f64(0), f64(0)
        for a in range(A):
            g = dy[n, a] * scale[a] if affine != 0 else dy[n, a]
            flat += f64(g)
            along += f64(g * (x[n, a] - m) * r)
        p, q = f32(flat / f64(A)), f32(along / f64(A))
        for a in range(A):
            g = dy[n, a] * scale[a] if affine != 0 else dy[n, a]
            dx[n, a] = r * (g - p - (x[n, a] - m) * r * q)


@kernel(out="dscale dshift")
def affine_grad(
    x: f32[N, A], dy: f32[N, A], mean: f32[N], rate: f32[N], dscale: f32[A], dshift: f32[A], begin, end
):  # fmt: skip
    """dscale <- dscale + the sum of dy * (x - mean) * rate over rows, dshift <- dshift + that of dy."""
    N, A = x.shape
    for n in range(N):
        m, r = mean[n], rate[n]
        for a in range(begin * CHUNK, min(end * CHUNK, A)):
            dscale[a] += dy[n, a] * (x[n, a] - m) * r
            dshift[a] += dy[n, a]
