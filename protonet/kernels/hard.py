"""Activations made of straight lines, as forks have them.  A task is CHUNK numbers."""

from protonet.kernels.jit import f32, kernel
from protonet.kernels.pointwise import CHUNK

M = "M"


@kernel(y="x", out="y")
def hard(x: f32[M], y: f32[M], alpha: f32, beta: f32, begin, end):
    """y <- alpha * x + beta, but from 0 to 1."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = min(max(alpha * x[i] + beta, 0.0), 1.0)


@kernel(dx="dy", out="dx")
def hard_grad(y: f32[M], dy: f32[M], dx: f32[M], alpha: f32, begin, end):
    """dx <- alpha * dy where 0 < y < 1, else 0."""
    for i in range(begin * CHUNK, min(end * CHUNK, dx.shape[0])):
        dx[i] = alpha * dy[i] if y[i] > 0.0 and y[i] < 1.0 else 0.0


@kernel(y="x", out="y")
def hard_swish(x: f32[M], y: f32[M], alpha: f32, beta: f32, begin, end):
    """y <- x * (alpha * x + beta, but from 0 to 1)."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = x[i] * min(max(alpha * x[i] + beta, 0.0), 1.0)


@kernel(dx="dy", out="dx")
def hard_swish_grad(x: f32[M], dy: f32[M], dx: f32[M], alpha: f32, beta: f32, begin, end):
    """dx <- dy * the derivative of hard_swish."""
    for i in range(begin * CHUNK, min(end * CHUNK, dx.shape[0])):
        line = alpha * x[i] + beta
        dx[i] = dy[i] * (0.0 if line <= 0.0 else (1.0 if line >= 1.0 else line + alpha * x[i]))


@kernel(y="x", out="y")
def bounded(x: f32[M], y: f32[M], slope: f32, top: f32, begin, end):
    """y <- x where 0 < x < top, `top` above it, slope * x below."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = min(max(x[i], 0.0), top) + (slope * min(x[i], 0.0) if slope != 0.0 else 0.0)


@kernel(dx="dy", out="dx")
def bounded_grad(x: f32[M], dy: f32[M], dx: f32[M], slope: f32, top: f32, begin, end):
    """dx <- dy where 0 < x < top, 0 above it, slope * dy below."""
    for i in range(begin * CHUNK, min(end * CHUNK, dx.shape[0])):
        dx[i] = slope * dy[i] if x[i] <= 0.0 else (dy[i] if x[i] < top else 0.0)
