"""Element by element over two arrays of M numbers.  A task is CHUNK numbers."""

from protonet.kernels.jit import f32, i32, i64, kernel
from protonet.kernels.pointwise import CHUNK

M = "M"


@kernel(y="a b", out="y")
def weighted(a: f32[M], b: f32[M], y: f32[M], p: f32, q: f32, begin, end):
    """y <- p * a + q * b."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = p * a[i] + q * b[i]


@kernel(y="a b", out="y")
def multiply(a: f32[M], b: f32[M], y: f32[M], begin, end):
    """y <- a * b."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = a[i] * b[i]


@kernel(dx="dy", out="dx")
def quotient_grad(x: f32[M], y: f32[M], dy: f32[M], dx: f32[M], begin, end):
    """dx <- dy * y / x: the gradient of a product from the product itself."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        dx[i] = dy[i] * y[i] / x[i]


@kernel(y="a b", out="y")
def maximum(a: f32[M], b: f32[M], y: f32[M], begin, end):
    """y <- a if a > b, else b; NaN if either is."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = a[i] if a[i] > b[i] or a[i] != a[i] else b[i]


@kernel(dx="dy", out="dx")
def maximum_of_two_grad(a: f32[M], b: f32[M], dy: f32[M], dx: f32[M], second: i64, begin, end):
    """dx <- dy where a is the maximum of a and b, or where b is (second), else 0."""
    for i in range(begin * CHUNK, min(end * CHUNK, dx.shape[0])):
        first = a[i] > b[i] or a[i] != a[i]
        dx[i] = dy[i] if first == (second == 0) else 0.0


@kernel(y="a b", out="y which")
def first_maximum(a: f32[M], b: f32[M], y: f32[M], which: i32[M], begin, end):
    """y <- a if a > b, else b; which <- 0 where it is a, 1 where it is b."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        mine = a[i] > b[i] or a[i] != a[i]
        which[i] = i32(0) if mine else i32(1)
        y[i] = a[i] if mine else b[i]


@kernel(out="y which")
def next_maximum(x: f32[M], y: f32[M], which: i32[M], index: i32, begin, end):
    """Where x > y: y <- x, which <- index."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        mine = x[i] > y[i] or x[i] != x[i]
        which[i] = index if mine else which[i]
        y[i] = x[i] if mine else y[i]


@kernel(dx="dy", out="dx")
def maximum_grad(which: i32[M], dy: f32[M], dx: f32[M], index: i32, begin, end):
    """dx <- dy where which is index, else 0."""
    for i in range(begin * CHUNK, min(end * CHUNK, dx.shape[0])):
        dx[i] = dy[i] if which[i] == index else 0.0
