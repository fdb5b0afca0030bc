"""x ** p in plain arithmetic, which LLVM vectorises where libm's powf is a call for each number; 1 ulp.

exp(p * log(|x|)) in float64, whose digits are enough for single ones: log m = 2 artanh((m - 1) / (m + 1)) for m around
1, exp by Taylor for |r| < log(2) / 2.  A negative x has a power if p is whole, as in C.
"""

import struct

import numpy as np

from protonet.kernels.bits import bits_of_float, floor
from protonet.kernels.jit import f32, f64, i64, inline, intrinsic
from protonet.kernels.simd import I64, ir

DOUBLE = ir.DoubleType()
ROOT = np.float64(2**0.5)
LOG2, INVERSE = np.float64(np.log(2)), np.float64(1 / np.log(2))
L3, L5, L7, L9, L11, L13 = (np.float64(1 / n) for n in (3, 5, 7, 9, 11, 13))
E2, E3, E4, E5, E6, E7, E8 = (np.float64(1 / n) for n in (2, 6, 24, 120, 720, 5040, 40320))
EXPONENT, MANTISSA, ONE = 52, (1 << 52) - 1, 1023 << 52


@intrinsic
def double_of_bits(e, bits: i64) -> f64:
    return e.b.bitcast(bits, DOUBLE)


@double_of_bits.python
def _(bits):
    return np.float64(struct.unpack("d", struct.pack("q", bits))[0])


@intrinsic
def bits_of_double(e, x: f64) -> i64:
    return e.b.bitcast(x, I64)


@bits_of_double.python
def _(x):
    return struct.unpack("q", struct.pack("d", x))[0]


@inline
def positive(x, p):
    """x ** p for x > 0, both float64."""
    bits = bits_of_double(x)
    m, e = double_of_bits((bits & MANTISSA) | ONE), (bits >> EXPONENT) - 1023
    large = m > ROOT
    m = m * f64(0.5) if large else m
    e = e + 1 if large else e
    s = (m - f64(1)) / (m + f64(1))
    z = s * s
    series = f64(1) + z * (L3 + z * (L5 + z * (L7 + z * (L9 + z * (L11 + z * L13)))))
    y = p * (f64(e) * LOG2 + f64(2) * s * series)
    y = min(max(y, f64(-200)), f64(200))
    n = i64(y * INVERSE + (f64(0.5) if y > f64(0) else f64(-0.5)))
    r = y - f64(n) * LOG2
    tail = E3 + r * (E4 + r * (E5 + r * (E6 + r * (E7 + r * E8))))
    return (f64(1) + r * (f64(1) + r * (E2 + r * tail))) * double_of_bits((n + 1023) << EXPONENT)


@inline
def power(x, p):
    whole = floor(p) == p
    odd = whole and floor(0.5 * p) != 0.5 * p
    size = abs(x)
    y = f32(positive(f64(size), f64(p)))
    far = p > 0.0 if size > 1.0 else p < 0.0  # what 0 and inf become
    bound = size == 0.0 or size == INFINITE
    y = (INFINITE if far else f32(0)) if bound else y
    y = -y if odd and bits_of_float(x) < 0 else y
    y = NOTHING if x < 0.0 and not (whole or bound) else y
    y = x if x != x else y
    return f32(1) if p == 0.0 else y


INFINITE, NOTHING = np.float32("inf"), np.float32("nan")
