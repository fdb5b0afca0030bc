"""Maps (R, H, W) resampled: each axis has weights of its own, T neighbours a place, the first of which is `first`.

A task is a map.  Neighbours outside the map do not count, and what is left of the weights is made to add up to 1.
"""

import math

from protonet.kernels.bits import floor
from protonet.kernels.jit import f32, i64, inline, kernel

R, H, W, P, Q, S, T, V = "RHWPQSTV"
NEAREST, LINEAR, CUBIC = 1, 2, 3


@inline
def cubic(x):
    x = abs(x)
    if x <= 1.0:
        return x * x * (1.5 * x - 2.5) + 1.0
    return x * (x * (-0.5 * x + 2.5) - 4.0) + 2.0 if x < 2.0 else f32(0.0)


@inline
def triangle(x):
    return max(1.0 - abs(x), f32(0.0))


@inline
def rounded(x):
    """To the nearest, halves away from 0."""
    return floor(x + 0.5) if x >= 0.0 else -floor(0.5 - x)


@kernel(out="first weight")
def weights(first: i64[P], weight: f32[T, P], n: i64, a: f32, b: f32, shrunk: f32, how: i64, begin, end):
    """For an axis of n numbers: place p is a * p + b, and distances are `shrunk` before they are weighed.  One task."""
    T, P = weight.shape
    for p in range(P):
        at = a * f32(p) + b
        nearest = rounded(at)
        if how == NEAREST:
            first[p], weight[0, p] = i64(min(max(nearest, 0.0), f32(n - 1))), 1.0
        else:
            start, total = i64(nearest) - T // 2, f32(0.0)
            first[p] = min(max(start, -T), n)  # further out, all weights are 0
            for t in range(T):
                far = shrunk * (at - f32(start + t))
                w = shrunk * (cubic(far) if how == CUBIC else triangle(far))
                weight[t, p] = w if start + t >= 0 and start + t < n else f32(0.0)
                total += weight[t, p]
            for t in range(T):
                weight[t, p] = weight[t, p] / total if total != 0.0 else f32(0.0)


@kernel(out="y line")
def resample(
    x: f32[R, H, W], top: i64[P], down: f32[S, P], left: i64[Q], across: f32[T, Q], y: f32[R, P, Q], line: f32[R, V],
    begin, end,
):  # fmt: skip
    """line is scratch: a row with T zeros before and after it."""
    R, H, W = x.shape
    S, P = down.shape
    T, Q = across.shape
    for r in range(begin, end):
        for t in range(T):
            line[r, t] = line[r, W + T + t] = 0.0
        for p in range(P):
            for w in range(T, W + T):
                line[r, w] = 0.0
            for s in range(max(0, -top[p]), min(S, H - top[p])):
                share = down[s, p]
                for w in range(W):
                    line[r, w + T] += share * x[r, top[p] + s, w]
            for q in range(Q):
                y[r, p, q] = across[0, q] * line[r, left[q] + T]
            for t in range(1, T):
                for q in range(Q):
                    y[r, p, q] += across[t, q] * line[r, left[q] + T + t]


@kernel(out="first weight")
def tents(first: i64[P], weight: f32[P, T], n: i64, begin, end):
    """For an axis of n numbers made P, first and last aligned: weights fall to 0 one place of P away.  One task."""
    P, T = weight.shape
    for p in range(P):
        at = f32(p) / f32(P - 1) * f32(n - 1)
        first[p] = i64(rounded(at)) - T // 2
        for t in range(T):
            weight[p, t] = triangle((f32(first[p] + t) - at) / (f32(n - 1) / f32(P - 1)))


@kernel(out="y")
def downsample(
    x: f32[R, H, W], top: i64[P], down: f32[P, S], left: i64[Q], across: f32[Q, T], y: f32[R, P, Q], begin, end
):  # fmt: skip
    """y <- the mean of what lies around each place, by these weights; NaN where most of it is NaN."""
    R, H, W = x.shape
    P, S = down.shape
    Q, T = across.shape
    for r in range(begin, end):
        for p in range(P):
            for q in range(Q):
                total, weight, lost = f32(0.0), f32(0.0), f32(0.0)
                for i in range(max(top[p], 0), min(top[p] + S, H)):
                    for j in range(max(left[q], 0), min(left[q] + T, W)):
                        share = across[q, j - left[q]] * down[p, i - top[p]]
                        if x[r, i, j] != x[r, i, j]:
                            lost += share
                        else:
                            total += x[r, i, j] * share
                            weight += share
                y[r, p, q] = f32(math.nan) if lost > 0.5 * weight or weight == 0.0 else total / weight
