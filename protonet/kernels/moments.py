"""Rows of x (R, S) brought to mean 0, and deviation 1 if asked for.  Sums in float64; a task is a row."""

import math

from protonet.kernels.jit import f32, f64, i64, kernel

R, S = "RS"


@kernel(y="x", out="y factor")
def standardize(x: f32[R, S], y: f32[R, S], factor: f32[R], variance: i64, eps: f32, begin, end):
    """y <- (x - mean) * factor; factor <- 1 / (deviation + eps), or 1 without `variance`."""
    S = x.shape[1]
    for r in range(begin, end):
        total = f64(0)
        for s in range(S):
            total += f64(x[r, s])
        mean = f32(total / f64(S))
        total = f64(0)
        if variance != 0:
            for s in range(S):
                away = f64(x[r, s] - mean)
                total += away * away
        scale = f32(1.0) / (f32(math.sqrt(total / f64(S))) + eps) if variance != 0 else f32(1.0)
        factor[r] = scale
        for s in range(S):
            y[r, s] = (x[r, s] - mean) * scale


@kernel(dx="dy", out="dx")
def standardize_grad(y: f32[R, S], dy: f32[R, S], dx: f32[R, S], factor: f32[R], variance: i64, begin, end):
    """dx <- factor * (dy - mean(dy) - y * mean(dy * y)); the last term with `variance` only."""
    S = y.shape[1]
    for r in range(begin, end):
        first, second = f64(0), f64(0)
        for s in range(S):
            first += f64(dy[r, s])
        if variance != 0:
            for s in range(S):
                second += f64(dy[r, s] * y[r, s])
        a, b, scale = f32(first / f64(S)), f32(second / f64(S)), factor[r]
        for s in range(S):
            dx[r, s] = scale * (dy[r, s] - a - b * y[r, s])
