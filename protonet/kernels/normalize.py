"""x (N, C, S) divided by its length: over all of an image, or over the channels of each position.  Sums in float64.

The gradient is SSD's: exact where all scales are alike, else each channel's own stands for the others' too.
"""

import math

from protonet.kernels.jit import f32, f64, i64, kernel

N, C, S, K, L = "NCSKL"


@kernel(out="y length")
def normalize(x: f32[N, C, S], scale: f32[K], y: f32[N, C, S], length: f32[N, L], eps: f32, outside: i64, begin, end):
    """length <- sqrt(sum of x ** 2 + eps), eps outside the root if asked for; y <- scale * x / length.

    L is 1 (over all), or S (over channels); K is 1, or C.  A task is an image.  Where both are 1, S may be 1 and C all.
    """
    _, C, S = x.shape
    L, K = length.shape[1], scale.shape[0]
    within = f32(0.0) if outside != 0 else eps
    beyond = eps if outside != 0 else f32(0.0)
    for n in range(begin, end):
        if S == 1:
            total = f64(0)
            for c in range(C):
                total += f64(x[n, c, 0]) * f64(x[n, c, 0])
            length[n, 0] = f32(math.sqrt(total + f64(within))) + beyond
            inverse = f32(1) / length[n, 0]
            if K > 1:
                for c in range(C):
                    y[n, c, 0] = scale[c] * x[n, c, 0] * inverse
            else:
                for c in range(C):
                    y[n, c, 0] = scale[0] * inverse * x[n, c, 0]
            continue
        if L == 1:
            total = f64(0)
            for c in range(C):
                for s in range(S):
                    total += f64(x[n, c, s]) * f64(x[n, c, s])
            length[n, 0] = f32(math.sqrt(total + f64(within))) + beyond
        else:
            for s in range(S):
                length[n, s] = within
            for c in range(C):
                for s in range(S):
                    length[n, s] += x[n, c, s] * x[n, c, s]
            for s in range(S):
                length[n, s] = math.sqrt(length[n, s]) + beyond
        for c in range(C):
            factor = scale[c] if K > 1 else scale[0]
            if L == 1:
                one = factor / length[n, 0]
                for s in range(S):
                    y[n, c, s] = x[n, c, s] * one
            else:
                for s in range(S):
                    y[n, c, s] = factor * x[n, c, s] / length[n, s]


@kernel(out="dx dot")
def normalize_grad(
    x: f32[N, C, S], scale: f32[K], length: f32[N, L], dy: f32[N, C, S], dx: f32[N, C, S], dot: f32[N, L], begin, end
):
    """dx <- scale * (dy - x * the sum of x * dy / length ** 2) / length; dot is scratch.  A task is an image."""
    _, C, S = x.shape
    L, K = length.shape[1], scale.shape[0]
    for n in range(begin, end):
        if S == 1:
            total, inverse = f64(0), f32(1) / length[n, 0]
            for c in range(C):
                total += f64(x[n, c, 0] * dy[n, c, 0])
            away = f32(total) * inverse * inverse
            if K > 1:
                for c in range(C):
                    dx[n, c, 0] = scale[c] * inverse * (dy[n, c, 0] - away * x[n, c, 0])
            else:
                for c in range(C):
                    dx[n, c, 0] = scale[0] * inverse * (dy[n, c, 0] - away * x[n, c, 0])
            continue
        if L == 1:
            total = f64(0)
            for c in range(C):
                for s in range(S):
                    total += f64(x[n, c, s] * dy[n, c, s])
            dot[n, 0] = f32(total) / (length[n, 0] * length[n, 0])
        else:
            for s in range(S):
                dot[n, s] = 0.0
            for c in range(C):
                for s in range(S):
                    dot[n, s] += x[n, c, s] * dy[n, c, s]
            for s in range(S):
                dot[n, s] /= length[n, s] * length[n, s]
        for c in range(C):
            factor = scale[c] if K > 1 else scale[0]
            if L == 1:
                a, b = factor / length[n, 0], dot[n, 0]
                for s in range(S):
                    dx[n, c, s] = a * (dy[n, c, s] - b * x[n, c, s])
            else:
                for s in range(S):
                    dx[n, c, s] = factor * (dy[n, c, s] - dot[n, s] * x[n, c, s]) / length[n, s]


@kernel(out="dscale sums")
def scale_grad(x: f32[N, C, S], length: f32[N, L], dy: f32[N, C, S], dscale: f32[K], sums: f64[K], begin, end):
    """dscale[k] += the sum of dy * x / length, over all or over channel k; sums is scratch.  A task is a k."""
    N, C, S = x.shape
    L, K = length.shape[1], dscale.shape[0]
    for k in range(begin, end):
        sums[k] = f64(0)
    if S == 1 and K > 1:
        for n in range(N):
            inverse = f32(1) / length[n, 0]
            for k in range(begin, end):
                sums[k] += f64(dy[n, k, 0] * x[n, k, 0] * inverse)
    for k in range(begin, end):
        for n in range(N if S > 1 or K == 1 else 0):
            if S == 1:
                part = f64(0)
                for c in range(C):
                    part += f64(dy[n, c, 0] * x[n, c, 0])
                sums[k] += part / f64(length[n, 0])
                continue
            for c in range(0 if K == 1 else k, C if K == 1 else k + 1):
                part = f64(0)
                if L == 1:
                    for s in range(S):
                        part += f64(dy[n, c, s] * x[n, c, s])
                    part /= f64(length[n, 0])
                else:
                    for s in range(S):
                        part += f64(dy[n, c, s] * x[n, c, s] / length[n, s])
                sums[k] += part
        dscale[k] += f32(sums[k])
