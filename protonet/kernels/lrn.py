"""Local response normalisation, y = x * scale ** -beta.  Powers are exp of log, which vectorise; 0.75 is made of roots.

Across channels: x is (N, C, S) and scale = k + alpha / size * the sum of x ** 2 over `size` channels around; a task is
BLOCK positions of an image.  Within: x is (R, H, W), the sum is over size x size positions; a task is a map.
"""

import math

from protonet.kernels.exp import exp
from protonet.kernels.jit import f32, i64, inline, kernel
from protonet.kernels.log import log

N, C, S, R, H, W = "NCSRHW"
BLOCK = 512


def tasks(N, S):
    return N * -(-S // BLOCK)


@inline
def falling(x, beta):
    """x ** -beta."""
    if beta == 0.75:
        root = math.sqrt(x)
        return 1.0 / (root * math.sqrt(root))
    return exp(-beta * log(x))


@kernel(out="y scale")
def across(x: f32[N, C, S], y: f32[N, C, S], scale: f32[N, C, S], size: i64, rate: f32, k: f32, beta: f32, begin, end):
    """rate is alpha / size."""
    _, C, S = x.shape
    blocks, half = (S + BLOCK - 1) // BLOCK, size // 2
    for task in range(begin, end):
        n, first = task // blocks, task % blocks * BLOCK
        last = min(first + BLOCK, S)
        for c in range(C):
            for s in range(first, last):
                scale[n, c, s] = 0.0
            for i in range(max(c - half, 0), min(c + half + 1, C)):
                for s in range(first, last):
                    scale[n, c, s] += x[n, i, s] * x[n, i, s]
            for s in range(first, last):
                total = k + rate * scale[n, c, s]
                scale[n, c, s] = total
                y[n, c, s] = x[n, c, s] * falling(total, beta)


@kernel(out="dx ratio")
def across_grad(
    x: f32[N, C, S],
    y: f32[N, C, S],
    scale: f32[N, C, S],
    dy: f32[N, C, S],
    dx: f32[N, C, S],
    ratio: f32[N, C, S],
    size: i64,
    rate: f32,
    beta: f32,
    begin,
    end,
):
    """dx <- dy * scale ** -beta - 2 * rate * beta * x * the sum of dy * y / scale around; ratio is scratch."""
    _, C, S = x.shape
    blocks, half = (S + BLOCK - 1) // BLOCK, size // 2
    for task in range(begin, end):
        n, first = task // blocks, task % blocks * BLOCK
        last = min(first + BLOCK, S)
        for c in range(C):
            for s in range(first, last):
                ratio[n, c, s] = dy[n, c, s] * y[n, c, s] / scale[n, c, s]
        for c in range(C):
            for s in range(first, last):
                dx[n, c, s] = 0.0
            for i in range(max(c - half, 0), min(c + half + 1, C)):
                for s in range(first, last):
                    dx[n, c, s] += ratio[n, i, s]
            for s in range(first, last):
                own = dy[n, c, s] * falling(scale[n, c, s], beta)
                dx[n, c, s] = own - 2.0 * rate * beta * x[n, c, s] * dx[n, c, s]


@kernel(out="y scale")
def within(x: f32[R, H, W], y: f32[R, H, W], scale: f32[R, H, W], size: i64, rate: f32, k: f32, beta: f32, begin, end):
    """rate is alpha / size ** 2; positions outside count as 0."""
    _, H, W = x.shape
    half = size // 2
    for r in range(begin, end):
        for h in range(H):
            for w in range(W):
                scale[r, h, w] = 0.0
            for i in range(max(h - half, 0), min(h + half + 1, H)):
                for j in range(-half, half + 1):
                    for w in range(max(-j, 0), min(W - j, W)):
                        scale[r, h, w] += x[r, i, w + j] * x[r, i, w + j]
            for w in range(W):
                total = k + rate * scale[r, h, w]
                scale[r, h, w] = total
                y[r, h, w] = x[r, h, w] * falling(total, beta)


@kernel(out="dx ratio")
def within_grad(
    x: f32[R, H, W],
    y: f32[R, H, W],
    scale: f32[R, H, W],
    dy: f32[R, H, W],
    dx: f32[R, H, W],
    ratio: f32[R, H, W],
    size: i64,
    rate: f32,
    beta: f32,
    begin,
    end,
):
    """As across_grad, with the sum over positions around."""
    _, H, W = x.shape
    half = size // 2
    for r in range(begin, end):
        for h in range(H):
            for w in range(W):
                ratio[r, h, w] = dy[r, h, w] * y[r, h, w] / scale[r, h, w]
        for h in range(H):
            for w in range(W):
                dx[r, h, w] = 0.0
            for i in range(max(h - half, 0), min(h + half + 1, H)):
                for j in range(-half, half + 1):
                    for w in range(max(-j, 0), min(W - j, W)):
                        dx[r, h, w] += ratio[r, i, w + j]
            for w in range(W):
                own = dy[r, h, w] * falling(scale[r, h, w], beta)
                dx[r, h, w] = own - 2.0 * rate * beta * x[r, h, w] * dx[r, h, w]
