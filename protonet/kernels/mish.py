"""Mish: x * tanh(log(1 + exp(x))), without overflow.  A task is CHUNK numbers."""

from protonet.kernels.exp import exp
from protonet.kernels.jit import f32, inline, kernel
from protonet.kernels.pointwise import CHUNK

M = "M"
FAR = 20.0  # beyond, the factor of x is 1


@inline
def share(x):
    """tanh(log(1 + e)) = n / (n + 2) with n = e * (e + 2), e = exp(x)."""
    e = exp(min(x, FAR))
    n = e * (e + 2.0)
    return n / (n + 2.0) if x < FAR else f32(1)


@kernel(y="x", out="y")
def mish(x: f32[M], y: f32[M], begin, end):
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = x[i] * share(x[i])


@kernel(dx="dy", out="dx")
def mish_grad(x: f32[M], dy: f32[M], dx: f32[M], begin, end):
    """dx <- dy * (t + x * sigmoid(x) * (1 - t ** 2)), t being what x is multiplied with."""
    for i in range(begin * CHUNK, min(end * CHUNK, dx.shape[0])):
        t = share(x[i])
        dx[i] = dy[i] * (t + x[i] * (1.0 - t * t) / (1.0 + exp(-x[i])))
