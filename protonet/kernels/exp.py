"""exp in plain arithmetic: LLVM vectorises it, and it gives the same bits on every machine.  Cephes' expf, 2 ulp.

Large x give inf, small ones 0 by way of denormals, and NaN gives NaN, as a net that has gone wrong should show.
"""

from protonet.kernels.bits import float_of_bits, floor, fma
from protonet.kernels.jit import i32, inline


@inline
def exp(x):
    x = min(max(x, -104.0), 89.0)
    n = floor(fma(x, 1.44269504, 0.5))
    r = fma(n, 2.12194440e-4, fma(n, -0.693359375, x))  # fma, not *: reassociation would undo the split of log 2
    p = fma(1.9875691500e-4, r, 1.3981999507e-3)
    p = fma(p, r, 8.3334519073e-3)
    p = fma(p, r, 4.1665795894e-2)
    p = fma(p, r, 1.6666665459e-1)
    p = fma(p, r, 5.0000001201e-1)
    p = fma(p * r, r, r) + 1.0
    half = i32(n) >> i32(1)  # 2 ** n itself may be no float32, so it is multiplied in two halves, and again by fma
    rest = i32(n) - half
    return fma(p * float_of_bits((half + i32(127)) << i32(23)), float_of_bits((rest + i32(127)) << i32(23)), 0.0)
