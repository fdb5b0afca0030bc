"""Sums over long runs of vectors: in single precision over a short run, ABREAST side by side; of runs, in double.

So a sum of millions rounds as one of a hundred does, and costs no more than reading its terms.
"""

from protonet.kernels.jit import intrinsic
from protonet.kernels.simd import BYTES, REGISTERS, E, W, ir

ABREAST = 4 if REGISTERS == 32 else 2  # no chain of additions to wait for
RUN = 64 * ABREAST  # vectors
DOUBLES = ir.VectorType(ir.DoubleType(), W)


def sums(e: E, n, addresses, count, terms):
    """`count` vectors: sums over n places of terms(addresses, old sums), which are the new ones."""
    k = len(addresses)
    many = e.b.udiv(n, e.int(ABREAST))

    def several(_, c):
        at, acc = c[:k], c[k:]
        new = []
        for i in range(ABREAST):
            new += terms([e.at(p, BYTES * i) for p in at], acc[i * count : (i + 1) * count])
        return [*(e.at(p, BYTES * ABREAST) for p in at), *new]

    def single(_, c):
        return [*(e.at(p, BYTES) for p in c[:k]), *terms(c[:k], c[k:])]

    found = e.loop(many, [*addresses, *[e.const(0)] * (ABREAST * count)], several)
    at, acc = found[:k], found[k:]
    while len(acc) > count:
        half = len(acc) // 2
        acc = [e.b.fadd(a, b) for a, b in zip(acc[:half], acc[half:], strict=True)]
    return e.loop(e.b.sub(n, e.b.mul(many, e.int(ABREAST))), [*at, *acc], single)[k:]


def doubled(e: E, vector):
    return e.b.fpext(vector, DOUBLES)


def add_doubles(e: E, vector, address, index=0):
    """The vector of doubles number `index` at an address += vector.  Returns it."""
    place = e.pointer(address, DOUBLES, 8 * W * index)
    total = e.b.fadd(e.b.load(place, align=8), vector)
    e.b.store(total, place, align=8)
    return total


@intrinsic
def clear_doubles(e, address):
    """Two vectors of them."""
    for i in range(2):
        e.b.store(ir.Constant(DOUBLES, [0.0] * W), e.pointer(address, DOUBLES, 8 * W * i), align=8)
