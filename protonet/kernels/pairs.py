"""Losses of two arrays: how far they lie apart.  Partial sums are float64, and losses.total adds them."""

import math

from protonet.kernels.jit import f32, f64, i64, kernel
from protonet.kernels.pointwise import CHUNK

N, A, M, T = "NAMT"


@kernel(out="d sums")
def squares(a: f32[M], b: f32[M], d: f32[M], sums: f64[T], begin, end):
    """d <- a - b; sums[task] <- the sum of its squares.  A task is CHUNK numbers."""
    for task in range(begin, end):
        part = f64(0)
        for i in range(task * CHUNK, min(task * CHUNK + CHUNK, d.shape[0])):
            d[i] = a[i] - b[i]
            part += f64(d[i]) * f64(d[i])
        sums[task] = part


@kernel(out="d slope sums")
def contrastive(
    a: f32[N, A],
    b: f32[N, A],
    similar: f32[N],
    d: f32[N, A],
    slope: f32[N],
    sums: f64[N],
    margin: f32,
    legacy: i64,
    begin,
    end,
):
    """d <- a - b; sums[n] <- the loss of pair n, and slope[n] * d <- half its derivative by a.  A task is a pair.

    dist = |d|.  A similar pair costs dist ** 2; another (margin - dist) ** 2, or if legacy margin - dist ** 2, where
    that is positive.
    """
    A = a.shape[1]
    for n in range(begin, end):
        square = f64(0)
        for i in range(A):
            d[n, i] = a[n, i] - b[n, i]
            square += f64(d[n, i]) * f64(d[n, i])
        dist = math.sqrt(square)
        if abs(similar[n]) >= 1.0:
            sums[n], slope[n] = square, 1.0
        elif legacy != 0:
            left = f64(margin) - square
            sums[n], slope[n] = max(left, f64(0)), -1.0 if left > 0 else 0.0
        else:
            left = f64(margin) - dist
            sums[n] = left * left if left > 0 else f64(0)
            slope[n] = -f32(left / (dist + f64(1e-4))) if left > 0 else 0.0


@kernel(out="dx")
def pair_grad(d: f32[N, A], slope: f32[N], dloss: f32[1], dx: f32[N, A], factor: f32, begin, end):
    """dx <- factor * dloss * slope[n] * d.  A task is a pair."""
    A = d.shape[1]
    for n in range(begin, end):
        scale = factor * dloss[0] * slope[n]
        for i in range(A):
            dx[n, i] = scale * d[n, i]


@kernel(out="d sums")
def smooth_l1(
    a: f32[M],
    b: f32[M],
    inside: f32[M],
    outside: f32[M],
    d: f32[M],
    sums: f64[T],
    square: f32,
    weighted: i64,
    begin,
    end,
):
    """With u = inside * (a - b): sums[task] <- the sum of outside * (square * u ** 2 / 2, or |u| - 0.5 / square if that
    is for |u| >= 1 / square), d <- its derivative by a.  inside and outside are read if `weighted` is above 0, and 1.
    """
    bend = 1.0 / square
    for task in range(begin, end):
        part = f64(0)
        for i in range(task * CHUNK, min(task * CHUNK + CHUNK, d.shape[0])):
            win = inside[i] if weighted > 0 else f32(1.0)
            wout = outside[i] if weighted > 1 else f32(1.0)
            u = win * (a[i] - b[i])
            size = abs(u)
            near = size < bend
            part += f64(wout * (0.5 * square * u * u if near else size - 0.5 * bend))
            d[i] = wout * win * (square * u if near else (1.0 if u > 0.0 else -1.0))
        sums[task] = part


@kernel(out="d sums")
def distances(a: f32[M], b: f32[M], d: f32[M], sums: f64[T], begin, end):
    """d <- the sign of a - b; sums[task] <- the sum of |a - b|.  A task is CHUNK numbers."""
    for task in range(begin, end):
        part = f64(0)
        for i in range(task * CHUNK, min(task * CHUNK + CHUNK, d.shape[0])):
            u = a[i] - b[i]
            part += f64(abs(u))
            d[i] = 1.0 if u > 0.0 else (-1.0 if u < 0.0 else 0.0)
        sums[task] = part
