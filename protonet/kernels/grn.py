"""Each place of N x C x S divided by its length over the channels (length.py).  A task is CHUNK places of an image."""

from protonet.kernels.jit import f32, kernel
from protonet.kernels.length import CHUNK, dots

N, C, S = "NCS"


@kernel(out="y")
def divided(x: f32[N, C, S], norm: f32[N, S], y: f32[N, C, S], begin, end):
    """y <- x / norm."""
    N, C, S = x.shape
    chunks = (S + CHUNK - 1) // CHUNK
    for task in range(begin, end):
        n, first = task // chunks, task % chunks * CHUNK
        for c in range(C):
            for s in range(first, min(first + CHUNK, S)):
                y[n, c, s] = x[n, c, s] / norm[n, s]


@kernel(out="dx dot")
def divided_grad(
    x: f32[N, C, S], norm: f32[N, S], dy: f32[N, C, S], dx: f32[N, C, S], dot: f32[N, S], begin, end
):  # fmt: skip
    """dx <- dy / norm - x * the sum of dy * x / norm ** 3; dot is scratch."""
    N, C, S = x.shape
    chunks = (S + CHUNK - 1) // CHUNK
    for task in range(begin, end):
        n, first = task // chunks, task % chunks * CHUNK
        last = min(first + CHUNK, S)
        dots(dy, x, dot, n, first, last, f32(0.0))
        for s in range(first, last):
            dot[n, s] /= norm[n, s] * norm[n, s] * norm[n, s]
        for c in range(C):
            for s in range(first, last):
                dx[n, c, s] = dy[n, c, s] / norm[n, s] - x[n, c, s] * dot[n, s]
