"""Activations without parameters: M numbers in, M numbers out.  A task is CHUNK numbers.

Gradients read y where that is enough: then x need not be kept, and working in place costs no copy.
"""

from protonet.kernels.exp import exp
from protonet.kernels.jit import f32, kernel
from protonet.kernels.log import log, log1p
from protonet.kernels.pointwise import CHUNK
from protonet.kernels.power import power as raised
from protonet.kernels.sigmoid import sigmoid, tanh

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


@kernel(y="x", out="y")
def absval(x: f32[M], y: f32[M], begin, end):
    """y <- |x|."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = abs(x[i])


@kernel(dx="dy", out="dx")
def absval_grad(x: f32[M], dy: f32[M], dx: f32[M], begin, end):
    """dx <- dy * the sign of x, which is 0 at 0."""
    for i in range(begin * CHUNK, min(end * CHUNK, dx.shape[0])):
        dx[i] = dy[i] if x[i] > 0.0 else (-dy[i] if x[i] < 0.0 else 0.0)


@kernel(y="x", out="y")
def bnll(x: f32[M], y: f32[M], begin, end):
    """y <- log(1 + exp(x)), without overflow."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = max(x[i], 0.0) + log1p(exp(-abs(x[i])))


@kernel(dx="dy", out="dx")
def bnll_grad(x: f32[M], dy: f32[M], dx: f32[M], begin, end):
    """dx <- dy * sigmoid(x)."""
    for i in range(begin * CHUNK, min(end * CHUNK, dx.shape[0])):
        dx[i] = dy[i] * sigmoid(x[i])


@kernel(y="x", out="y")
def clip(x: f32[M], y: f32[M], low: f32, high: f32, begin, end):
    """y <- x, but at least `low` and at most `high`."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = min(max(x[i], low), high)


@kernel(dx="dy", out="dx")
def clip_grad(x: f32[M], dy: f32[M], dx: f32[M], low: f32, high: f32, begin, end):
    """dx <- dy where low <= x <= high, else 0."""
    for i in range(begin * CHUNK, min(end * CHUNK, dx.shape[0])):
        dx[i] = dy[i] if x[i] >= low and x[i] <= high else 0.0


@kernel(y="x", out="y")
def elu(x: f32[M], y: f32[M], alpha: f32, begin, end):
    """y <- x where x > 0, else alpha * (exp(x) - 1)."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = x[i] if x[i] > 0.0 else alpha * (exp(x[i]) - 1.0)


@kernel(dx="dy", out="dx")
def elu_grad(signs: f32[M], y: f32[M], dy: f32[M], dx: f32[M], alpha: f32, begin, end):
    """dx <- dy where signs > 0, else dy * (y + alpha); signs has those of x."""
    for i in range(begin * CHUNK, min(end * CHUNK, dx.shape[0])):
        dx[i] = dy[i] if signs[i] > 0.0 else dy[i] * (y[i] + alpha)


@kernel(y="x", out="y")
def exponential(x: f32[M], y: f32[M], factor: f32, rate: f32, begin, end):
    """y <- factor * exp(rate * x)."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = factor * exp(rate * x[i])


@kernel(dx="dy", out="dx")
def product_grad(y: f32[M], dy: f32[M], dx: f32[M], rate: f32, begin, end):
    """dx <- rate * dy * y."""
    for i in range(begin * CHUNK, min(end * CHUNK, dx.shape[0])):
        dx[i] = rate * dy[i] * y[i]


@kernel(y="x", out="y")
def logarithm(x: f32[M], y: f32[M], factor: f32, scale: f32, shift: f32, begin, end):
    """y <- factor * log(scale * x + shift)."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = factor * log(scale * x[i] + shift)


@kernel(dx="dy", out="dx")
def logarithm_grad(x: f32[M], dy: f32[M], dx: f32[M], factor: f32, scale: f32, shift: f32, begin, end):
    """dx <- dy * factor * scale / (scale * x + shift)."""
    for i in range(begin * CHUNK, min(end * CHUNK, dx.shape[0])):
        dx[i] = dy[i] * (factor * scale) / (scale * x[i] + shift)


@kernel(y="x", out="y")
def line(x: f32[M], y: f32[M], scale: f32, shift: f32, begin, end):
    """y <- scale * x + shift."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = scale * x[i] + shift


@kernel(y="x", out="y")
def square(x: f32[M], y: f32[M], scale: f32, shift: f32, begin, end):
    """y <- (scale * x + shift) ** 2."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = (scale * x[i] + shift) * (scale * x[i] + shift)


@kernel(dx="dy", out="dx")
def square_grad(x: f32[M], dy: f32[M], dx: f32[M], scale: f32, shift: f32, begin, end):
    """dx <- 2 * scale * dy * (scale * x + shift)."""
    for i in range(begin * CHUNK, min(end * CHUNK, dx.shape[0])):
        dx[i] = 2.0 * scale * dy[i] * (scale * x[i] + shift)


@kernel(y="x", out="y")
def power(x: f32[M], y: f32[M], scale: f32, shift: f32, power: f32, begin, end):
    """y <- (scale * x + shift) ** power."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = raised(scale * x[i] + shift, power)


@kernel(dx="dy", out="dx")
def power_grad(x: f32[M], dy: f32[M], dx: f32[M], scale: f32, shift: f32, power: f32, begin, end):
    """dx <- power * scale * dy * (scale * x + shift) ** (power - 1)."""
    for i in range(begin * CHUNK, min(end * CHUNK, dx.shape[0])):
        dx[i] = power * scale * dy[i] * raised(scale * x[i] + shift, power - 1.0)


@kernel(y="x", out="y")
def logistic(x: f32[M], y: f32[M], begin, end):
    """y <- 1 / (1 + exp(-x))."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = sigmoid(x[i])


@kernel(dx="dy", out="dx")
def logistic_grad(y: f32[M], dy: f32[M], dx: f32[M], begin, end):
    """dx <- dy * y * (1 - y)."""
    for i in range(begin * CHUNK, min(end * CHUNK, dx.shape[0])):
        dx[i] = dy[i] * y[i] * (1.0 - y[i])


@kernel(y="x", out="y")
def swish(x: f32[M], y: f32[M], beta: f32, begin, end):
    """y <- x * sigmoid(beta * x)."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = x[i] * sigmoid(beta * x[i])


@kernel(dx="dy", out="dx")
def swish_grad(x: f32[M], dy: f32[M], dx: f32[M], beta: f32, begin, end):
    """dx <- dy * s * (1 + beta * x * (1 - s)), s = sigmoid(beta * x)."""
    for i in range(begin * CHUNK, min(end * CHUNK, dx.shape[0])):
        s = sigmoid(beta * x[i])
        dx[i] = dy[i] * s * (1.0 + beta * x[i] * (1.0 - s))


@kernel(y="x", out="y")
def hyperbolic(x: f32[M], y: f32[M], begin, end):
    """y <- tanh(x)."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = tanh(x[i])


@kernel(dx="dy", out="dx")
def hyperbolic_grad(y: f32[M], dy: f32[M], dx: f32[M], begin, end):
    """dx <- dy * (1 - y ** 2)."""
    for i in range(begin * CHUNK, min(end * CHUNK, dx.shape[0])):
        dx[i] = dy[i] * (1.0 - y[i] * y[i])


@kernel(y="x", out="y")
def threshold(x: f32[M], y: f32[M], bound: f32, begin, end):
    """y <- 1 where x > bound, else 0."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = 1.0 if x[i] > bound else 0.0
