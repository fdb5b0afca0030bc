"""Activations without parameters: M numbers in, M numbers out.  A task is CHUNK numbers.

Gradients read y where that is enough: then x need not be kept, and working in place costs no copy.
"""

from protonet.kernels.jit import f32, kernel
from protonet.kernels.pointwise import CHUNK

M = "M"


@kernel(y="x", out="y")
def relu(x: f32[M], y: f32[M], begin, end):
    """y <- max(x, 0); -inf gives 0, NaN stays NaN."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = max(x[i], 0.0)


@kernel(dx="dy", out="dx")
def relu_grad(y: f32[M], dy: f32[M], dx: f32[M], begin, end):
    """dx <- dy where y > 0; x serves as well as y."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        dx[i] = dy[i] if y[i] > 0.0 else 0.0


@kernel(y="x", out="y")
def leaky(x: f32[M], y: f32[M], slope: f32, begin, end):
    """y <- x where x > 0, else slope * x."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = max(x[i], 0.0) + slope * min(x[i], 0.0)


@kernel(dx="dy", out="dx")
def leaky_grad(x: f32[M], dy: f32[M], dx: f32[M], slope: f32, begin, end):
    """dx <- dy where x > 0, else slope * dy; what has the signs of x serves as well."""
    for i in range(begin * CHUNK, min(end * CHUNK, x.shape[0])):
        dx[i] = dy[i] if x[i] > 0.0 else slope * dy[i]
