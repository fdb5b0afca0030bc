"""x ** -beta of whole vectors, x > 0: from its inverse root for beta 3/4, else exp of log as in exp.py and log.py."""

from protonet.kernels.pointwise_blocked import inverse_root
from protonet.kernels.simd import I32, VECTOR, E, W, ir

INTEGERS = ir.VectorType(I32, W)
LOG = (
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
    2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
)  # fmt: skip
EXP = 1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1


def count(n):
    return ir.Constant(INTEGERS, [n] * W)


def polynomial(e: E, terms, x):
    total = e.const(terms[0])
    for term in terms[1:]:
        total = e.fma(total, x, e.const(term))
    return total


def log(e: E, x):
    """Of normal numbers above 0: for others something finite or NaN."""
    b, bits = e.b, e.b.bitcast(x, INTEGERS)
    power = b.sitofp(b.sub(b.lshr(bits, count(23)), count(126)), VECTOR)
    m = b.bitcast(b.or_(b.and_(bits, count(0x007FFFFF)), count(0x3F000000)), VECTOR)
    low = b.fcmp_ordered("<", m, e.const(0.707106781))
    power = b.select(low, b.fsub(power, e.const(1)), power)
    m = b.fsub(b.select(low, b.fadd(m, m), m), e.const(1))
    z = b.fmul(m, m)
    tail = b.fmul(b.fmul(polynomial(e, LOG, m), m), z)
    tail = e.fma(z, e.const(-0.5), e.fma(power, e.const(-2.12194440e-4), tail))
    return e.fma(power, e.const(0.693359375), b.fadd(m, tail))


def exp(e: E, x):
    b = e.b
    x = e.min(e.max(x, e.const(-87.0)), e.const(88.0))
    n = e.call(f"llvm.floor.v{W}f32", e.fma(x, e.const(1.44269504), e.const(0.5)))
    r = e.fma(n, e.const(2.12194440e-4), e.fma(n, e.const(-0.693359375), x))
    p = polynomial(e, EXP, r)
    p = b.fadd(e.fma(b.fmul(p, r), r, r), e.const(1))
    whole = b.shl(b.add(b.fptosi(n, INTEGERS), count(127)), count(23))
    return b.fmul(p, b.bitcast(whole, VECTOR))


def falling(e: E, x, beta):
    """x ** -beta; beta None: 3/4."""
    if beta is None:
        r = inverse_root(e, x)
        return e.b.fmul(e.b.fmul(r, r), inverse_root(e, r))
    return exp(e, e.b.fmul(e.b.fneg(beta), log(e, x)))
