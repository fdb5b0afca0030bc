"""log in plain arithmetic, as exp is: LLVM vectorises it.  Cephes' logf, 2 ulp; log(0) is -inf, of less NaN."""

from protonet.kernels.bits import bits_of_float, float_of_bits, fma
from protonet.kernels.jit import f32, i32, inline


@inline
def log(x):
    small = x < 1.17549435e-38  # denormals, among others
    bits = bits_of_float(x * 8388608.0 if small else x)
    e = f32((bits >> i32(23)) - i32(126)) - (23.0 if small else 0.0)
    m = float_of_bits((bits & i32(0x007FFFFF)) | i32(0x3F000000))
    low = m < 0.707106781
    e = e - 1.0 if low else e
    m = m + m - 1.0 if low else m - 1.0
    z = m * m
    p = fma(7.0376836292e-2, m, -1.1514610310e-1)
    p = fma(p, m, 1.1676998740e-1)
    p = fma(p, m, -1.2420140846e-1)
    p = fma(p, m, 1.4249322787e-1)
    p = fma(p, m, -1.6668057665e-1)
    p = fma(p, m, 2.0000714765e-1)
    p = fma(p, m, -2.4999993993e-1)
    p = fma(p, m, 3.3333331174e-1)
    p = fma(z, -0.5, fma(e, -2.12194440e-4, p * m * z))  # fma, not *: reassociation would join what log 2 was cut into
    y = fma(e, 0.693359375, m + p)
    y = -INFINITE if x == 0.0 else y
    y = x if x == INFINITE else y
    return y if x >= 0.0 else NOTHING


@inline
def log1p(u):
    """log(1 + u) for u from 0 to 1, exact where u is small."""
    w = 1.0 + u
    return log(w) * u / (w - 1.0) if w > 1.0 else u


INFINITE, NOTHING = float("inf"), float("nan")
