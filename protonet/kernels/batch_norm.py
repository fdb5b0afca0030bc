"""Batch normalisation of x (N, C, S): batch, channel, position.

Sums run in float64: over N * S numbers a float32 sum loses what an average of a million small batches needs.  A task
of the sums is a channel, and of the rest a plane (affine.rows); where S is 1 neighbouring channels go side by side.
"""

import math

from protonet.kernels.jit import f32, f64, i64, kernel

N, C, S = "NCS"


@kernel(out="mean var sums")
def moments(x: f32[N, C, S], mean: f32[C], var: f32[C], sums: f64[C], begin, end):
    """mean[c], var[c] <- mean and biased variance of x[:, c, :]; sums is scratch."""
    N, C, S = x.shape
    m = f64(N * S)
    for c in range(begin, end):
        sums[c] = f64(0)
    if S == 1:
        for n in range(N):
            for c in range(begin, end):
                sums[c] += f64(x[n, c, 0])
        for c in range(begin, end):
            mean[c] = f32(sums[c] / m)
            sums[c] = f64(0)
        for n in range(N):
            for c in range(begin, end):
                away = f64(x[n, c, 0] - mean[c])
                sums[c] += away * away
    else:
        for c in range(begin, end):
            total = f64(0)
            for n in range(N):
                for s in range(S):
                    total += f64(x[n, c, s])
            mean[c] = f32(total / m)
            mu, total = mean[c], f64(0)
            for n in range(N):
                for s in range(S):
                    away = f64(x[n, c, s] - mu)
                    total += away * away
            sums[c] = total
    for c in range(begin, end):
        var[c] = f32(sums[c] / m)


@kernel(out="mean_sum var_sum weight")
def accumulate(
    mean: f32[C],
    var: f32[C],
    mean_sum: f32[C],
    var_sum: f32[C],
    weight: f32[1],
    decay: f32,
    unbias: f32,
    begin,
    end,
):
    """The decayed sums Caffe stores: sum <- decay * sum + now, with the unbiased variance.  One task."""
    weight[0] = decay * weight[0] + 1.0
    for c in range(mean.shape[0]):
        mean_sum[c] = decay * mean_sum[c] + mean[c]
        var_sum[c] = decay * var_sum[c] + unbias * var[c]


@kernel(out="mean_average var_average")
def average(
    mean: f32[C], var: f32[C], mean_average: f32[C], var_average: f32[C], keep: f32, unbias: f32, begin, end
):  # fmt: skip
    """What PSPNet's BN stores: average <- keep * average + (1 - keep) * now, with var * unbias.  One task."""
    for c in range(mean.shape[0]):
        mean_average[c] = keep * mean_average[c] + (1.0 - keep) * mean[c]
        var_average[c] = keep * var_average[c] + (1.0 - keep) * (unbias * var[c])


@kernel(out="mean var")
def stored(mean_sum: f32[C], var_sum: f32[C], weight: f32[1], mean: f32[C], var: f32[C], begin, end):
    """mean, var <- sums / weight; a fresh net has weight 0, and then both are 0.  One task."""
    w = weight[0]
    factor = 1.0 / w if w != 0.0 else 0.0
    for c in range(mean.shape[0]):
        mean[c] = factor * mean_sum[c]
        var[c] = factor * var_sum[c]


@kernel(out="inv_std")
def invert(var: f32[C], inv_std: f32[C], eps: f32, outside: i64, begin, end):
    """inv_std <- 1 / sqrt(var + eps), or if `outside` 1 / (sqrt(var) + eps).  One task."""
    for c in range(var.shape[0]):
        inv_std[c] = 1.0 / (math.sqrt(var[c]) + eps) if outside != 0 else 1.0 / math.sqrt(var[c] + eps)


@kernel(y="x", out="y")
def normalize(x: f32[N, C, S], mean: f32[C], inv_std: f32[C], y: f32[N, C, S], begin, end):
    """y <- (x - mean[c]) * inv_std[c]; a task is a plane."""
    N, C, S = x.shape
    for row in range(begin, end):
        if S == 1:
            for c in range(C):
                y[row, c, 0] = (x[row, c, 0] - mean[c]) * inv_std[c]
        else:
            n, c = row // C, row % C
            mu, factor = mean[c], inv_std[c]
            for s in range(S):
                y[n, c, s] = (x[n, c, s] - mu) * factor


@kernel(out="mean_dy mean_dy_y sums")
def grad_means(dy: f32[N, C, S], y: f32[N, C, S], mean_dy: f32[C], mean_dy_y: f32[C], sums: f64[2, C], begin, end):
    """mean_dy[c], mean_dy_y[c] <- means of dy and of dy * y over channel c; sums is scratch."""
    N, C, S = dy.shape
    m = f64(N * S)
    for c in range(begin, end):
        sums[0, c], sums[1, c] = f64(0), f64(0)
    if S == 1:
        for n in range(N):
            for c in range(begin, end):
                sums[0, c] += f64(dy[n, c, 0])
                sums[1, c] += f64(dy[n, c, 0] * y[n, c, 0])
    else:
        for c in range(begin, end):
            first, second = f64(0), f64(0)
            for n in range(N):
                for s in range(S):
                    first += f64(dy[n, c, s])
                    second += f64(dy[n, c, s] * y[n, c, s])
            sums[0, c], sums[1, c] = first, second
    for c in range(begin, end):
        mean_dy[c] = f32(sums[0, c] / m)
        mean_dy_y[c] = f32(sums[1, c] / m)


@kernel(dx="dy", out="dx")
def normalize_grad(
    dy: f32[N, C, S],
    y: f32[N, C, S],
    mean_dy: f32[C],
    mean_dy_y: f32[C],
    inv_std: f32[C],
    dx: f32[N, C, S],
    begin,
    end,
):
    """dx <- inv_std * (dy - mean(dy) - y * mean(dy * y)); a task is a plane."""
    N, C, S = dy.shape
    for row in range(begin, end):
        if S == 1:
            for c in range(C):
                dx[row, c, 0] = inv_std[c] * (dy[row, c, 0] - mean_dy[c] - mean_dy_y[c] * y[row, c, 0])
        else:
            n, c = row // C, row % C
            a, b, factor = mean_dy[c], mean_dy_y[c], inv_std[c]
            for s in range(S):
                dx[n, c, s] = factor * (dy[n, c, s] - a - b * y[n, c, s])
