"""FlowNet's loss of absolute differences: numbers that are NaN, or nearer to 0 than a plateau, do not count.

a and b are N x C x S; b is read if there are `two`.  A task is CHUNK places of an image.
"""

import math

from protonet.kernels.jit import f32, f64, i64, inline, kernel
from protonet.kernels.length import CHUNK

N, C, S, T = "NCST"


@inline
def difference(a, b, n, c, s, two):
    return a[n, c, s] - b[n, c, s] if two != 0 else a[n, c, s]


@kernel(out="d sums counts")
def absolute(
    a: f32[N, C, S], b: f32[N, C, S], d: f32[N, C, S], sums: f64[T], counts: f64[T], plateau: f32, two: i64, begin, end
):  # fmt: skip
    """sums <- the sum of |a - b|, counts <- those not NaN, d <- the sign: -1 for 0, 0 where it does not count."""
    N, C, S = a.shape
    chunks = (S + CHUNK - 1) // CHUNK
    for task in range(begin, end):
        n, first = task // chunks, task % chunks * CHUNK
        part, known = f64(0), f64(0)
        for c in range(C):
            for s in range(first, min(first + CHUNK, S)):
                u = difference(a, b, n, c, s, two)
                known += f64(1) if u == u else f64(0)
                counted = u == u and (plateau <= 0.0 or abs(u) >= plateau)
                part += f64(abs(u)) if counted else f64(0)
                d[n, c, s] = (1.0 if u > 0.0 else -1.0) if counted else 0.0
        sums[task], counts[task] = part, known


@kernel(out="d sums counts")
def lengths(
    a: f32[N, C, S], b: f32[N, C, S], d: f32[N, C, S], sums: f64[T], counts: f64[T],
    plateau: f32, share: f32, epsilon: f32, two: i64, begin, end,
):  # fmt: skip
    """By place: sums <- the sum of sqrt(share * |a - b| ** 2 + epsilon), d <- its derivative by a."""
    N, C, S = a.shape
    chunks = (S + CHUNK - 1) // CHUNK
    for task in range(begin, end):
        n, first = task // chunks, task % chunks * CHUNK
        part, known = f64(0), f64(0)
        for s in range(first, min(first + CHUNK, S)):
            square = f32(0.0)
            for c in range(C):
                u = difference(a, b, n, c, s, two)
                known += f64(1) if u == u else f64(0)
                square += u * u * share if u == u else f32(0.0)
            flat = plateau > 0.0 and square < plateau * plateau
            root = math.sqrt((f32(0.0) if flat else square) + epsilon)
            part += f64(root)
            for c in range(C):
                u = difference(a, b, n, c, s, two)
                d[n, c, s] = 0.0 if flat or u != u or root == 0.0 else share * u / root
        sums[task], counts[task] = part, known


@kernel(out="norm loss")
def mean(sums: f64[T], counts: f64[T], norm: f32[1], loss: f32[1], channels: i64, images: i64, begin, end):
    """norm <- what is counted over the channels, or `images` if that is not 0; loss <- the sum of sums by it."""
    value, known = f64(0), f64(0)
    for t in range(sums.shape[0]):
        value += sums[t]
        known += counts[t]
    by = f64(images) if images != 0 else known / f64(channels)
    norm[0] = f32(by)
    loss[0] = f32(value / by)
