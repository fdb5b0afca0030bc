"""Lengths over the channels of N x C x S.  A task is CHUNK places of an image."""

import math

from protonet.kernels.jit import f32, inline, kernel

N, C, S = "NCS"
CHUNK = 2048


def tasks(N, S):
    return N * -(-S // CHUNK)


@inline
def dots(x, z, y, n, first, last, start):
    """y[n, s] <- start + the sum over channels of x * z, for places `first` to before `last`."""
    for s in range(first, last):
        y[n, s] = start
    for c in range(x.shape[1]):
        for s in range(first, last):
            y[n, s] += x[n, c, s] * z[n, c, s]


@kernel(out="y")
def length(x: f32[N, C, S], y: f32[N, S], start: f32, begin, end):
    """y <- the square root of `start` + the sum of squares over channels."""
    N, C, S = x.shape
    chunks = (S + CHUNK - 1) // CHUNK
    for task in range(begin, end):
        n, first = task // chunks, task % chunks * CHUNK
        last = min(first + CHUNK, S)
        dots(x, x, y, n, first, last, start)
        for s in range(first, last):
            y[n, s] = math.sqrt(y[n, s])


@kernel(out="dx")
def length_grad(x: f32[N, C, S], y: f32[N, S], dy: f32[N, S], dx: f32[N, C, S], tiny: f32, begin, end):
    """dx <- dy * x / (y + tiny)."""
    N, C, S = x.shape
    chunks = (S + CHUNK - 1) // CHUNK
    for task in range(begin, end):
        n, first = task // chunks, task % chunks * CHUNK
        for c in range(C):
            for s in range(first, min(first + CHUNK, S)):
                dx[n, c, s] = dy[n, s] * x[n, c, s] / (y[n, s] + tiny)
