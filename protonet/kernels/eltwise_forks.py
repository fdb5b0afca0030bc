"""Element by element over two arrays of M numbers: quotients and minima.  A task is CHUNK numbers."""

from protonet.kernels.jit import f32, i32, kernel
from protonet.kernels.pointwise import CHUNK

M = "M"


@kernel(y="a b", out="y")
def divide(a: f32[M], b: f32[M], y: f32[M], begin, end):
    """y <- a / b."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = a[i] / b[i]


@kernel(y="a b", out="y which")
def first_minimum(a: f32[M], b: f32[M], y: f32[M], which: i32[M], begin, end):
    """y <- a if a < b, else b; which <- 0 where it is a, 1 where it is b; NaN if a is."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        mine = a[i] < b[i] or a[i] != a[i]
        which[i] = i32(0) if mine else i32(1)
        y[i] = a[i] if mine else b[i]


@kernel(out="y which")
def next_minimum(x: f32[M], y: f32[M], which: i32[M], index: i32, begin, end):
    """Where x < y: y <- x, which <- index."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        mine = x[i] < y[i] or x[i] != x[i]
        which[i] = index if mine else which[i]
        y[i] = x[i] if mine else y[i]
