"""sigmoid and tanh in plain arithmetic, from exp; 3 ulp."""

from protonet.kernels.bits import fma
from protonet.kernels.exp import exp
from protonet.kernels.jit import inline


@inline
def sigmoid(x):
    return 1.0 / (1.0 + exp(-x))


@inline
def tanh(x):
    """Cephes' tanhf: a polynomial near 0, where 1 - 2 / (exp(2 x) + 1) has no digits left."""
    z = x * x
    p = fma(-5.70498872745e-3, z, 2.06390887954e-2)
    p = fma(p, z, -5.37397155531e-2)
    p = fma(p, z, 1.33314422036e-1)
    p = fma(p, z, -3.33332819422e-1)
    near = fma(p * z, x, x)
    far = 1.0 - 2.0 / (exp(2.0 * abs(x)) + 1.0)
    far = far if x > 0.0 else -far
    return near if abs(x) < 0.625 else far
