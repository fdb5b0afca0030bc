"""Each place of N x C x S divided by its length over the channels.  A task is CHUNK places of an image."""

import math

from protonet.kernels.flow import CHUNK
from protonet.kernels.jit import f32, kernel

N, C, S = "NCS"


@kernel(out="y norm")
def grn(x: f32[N, C, S], y: f32[N, C, S], norm: f32[N, S], bias: f32, begin, end):
    """norm <- the root of bias + the sum of squares, y <- x / norm."""
    N, C, S = x.shape
    chunks = (S + CHUNK - 1) // CHUNK
    for task in range(begin, end):
        n, first = task // chunks, task % chunks * CHUNK
        last = min(first + CHUNK, S)
        for s in range(first, last):
            norm[n, s] = bias
        for c in range(C):
            for s in range(first, last):
                norm[n, s] += x[n, c, s] * x[n, c, s]
        for s in range(first, last):
            norm[n, s] = math.sqrt(norm[n, s])
        for c in range(C):
            for s in range(first, last):
                y[n, c, s] = x[n, c, s] / norm[n, s]


@kernel(out="dx dot")
def grn_grad(
    x: f32[N, C, S], norm: f32[N, S], dy: f32[N, C, S], dx: f32[N, C, S], dot: f32[N, S], begin, end
):  # fmt: skip
    """dx <- dy / norm - x * the sum of dy * x / norm ** 3; dot is scratch."""
    N, C, S = x.shape
    chunks = (S + CHUNK - 1) // CHUNK
    for task in range(begin, end):
        n, first = task // chunks, task % chunks * CHUNK
        last = min(first + CHUNK, S)
        for s in range(first, last):
            dot[n, s] = 0.0
        for c in range(C):
            for s in range(first, last):
                dot[n, s] += dy[n, c, s] * x[n, c, s]
        for s in range(first, last):
            dot[n, s] /= norm[n, s] * norm[n, s] * norm[n, s]
        for c in range(C):
            for s in range(first, last):
                dx[n, c, s] = dy[n, c, s] / norm[n, s] - x[n, c, s] * dot[n, s]
