"""Fill, copy, add, scale: one number in, one number out.  A task is CHUNK numbers."""

from math import prod

from protonet.kernels.jit import f32, kernel

M = "M"
CHUNK = 4096


def tasks(shape):
    return max(1, -(-prod(shape) // CHUNK))


@kernel(out="y")
def fill(y: f32[M], value: f32, begin, end):
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = value


@kernel(out="y")
def copy(x: f32[M], y: f32[M], begin, end):
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = x[i]


@kernel(out="y")
def accumulate(x: f32[M], y: f32[M], begin, end):
    """y <- y + x."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] += x[i]


@kernel(y="a b", out="y")
def add(a: f32[M], b: f32[M], y: f32[M], begin, end):
    """y <- a + b."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = a[i] + b[i]


@kernel(y="x", out="y")
def scale(x: f32[M], y: f32[M], factor: f32, begin, end):
    """y <- factor * x."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = factor * x[i]


@kernel(out="y")
def axpy(x: f32[M], y: f32[M], factor: f32, begin, end):
    """y <- y + factor * x."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] += factor * x[i]
