"""Winograd's transforms: F(m x m, 3 x 3), each a matrix on both sides of a tile (see winograd.py).

A row of B' times d is the value at one point of the polynomial with coefficients d, times the differences to the other
points, which G divides by again; A' evaluates powers of the points.  Written out with what rows share: 14 and 12
operations for m = 4 on six vectors, where the matrices have 24 and 19 factors that are not 0.
"""

from fractions import Fraction

import numpy as np

from protonet.kernels.conv_blocked import activated
from protonet.kernels.jit import f32, intrinsic
from protonet.kernels.simd import BYTES

POINTS = {2: (0, 1, -1), 4: (0, 1, -1, Fraction(1, 2), -2)}  # and infinity


def planes(m):
    return (m + 2) ** 2


def weights(w, m):
    """(K, C, 3, 3) -> G w G': (K, C, planes), in float64."""
    rows = []
    for p in POINTS[m]:
        others = np.prod([float(p - q) for q in POINTS[m] if q != p])
        rows.append([float(p**i) / others for i in range(3)])
    G = np.array([*rows, [0, 0, 1]])
    return np.einsum("ai,koij,bj->koab", G, w.astype(np.float64), G).reshape(*w.shape[:2], -1)


def inward4(e, d):
    """B' d."""
    b, half = e.b, e.const(1.5)
    s, t = b.fsub(d[3], d[1]), b.fsub(d[4], d[2])
    u, v = e.fma(half, d[2], s), e.fma(half, d[3], t)
    first, last = b.fadd(b.fsub(d[0], d[2]), t), b.fsub(b.fsub(d[5], d[3]), s)
    return [
        e.fma(half, s, first), b.fadd(v, u), b.fsub(v, u),
        e.fma(e.const(2), s, t), e.fma(e.const(-0.5), s, t), e.fma(half, t, last),
    ]  # fmt: skip


def outward4(e, m):
    """A' m."""
    b = e.b
    s, d = b.fadd(m[1], m[2]), b.fsub(m[1], m[2])
    return [
        b.fadd(b.fadd(m[0], s), b.fadd(m[3], m[4])),
        e.fma(e.const(0.5), m[3], e.fma(e.const(-2), m[4], d)),
        e.fma(e.const(0.25), m[3], e.fma(e.const(4), m[4], s)),
        e.fma(e.const(0.125), m[3], e.fma(e.const(-8), m[4], b.fadd(d, m[5]))),
    ]


def inward2(e, d):
    b = e.b
    return [b.fsub(d[2], d[0]), b.fadd(d[2], d[1]), b.fsub(d[2], d[1]), b.fsub(d[3], d[1])]


def outward2(e, m):
    b = e.b
    return [b.fadd(m[0], b.fadd(m[1], m[2])), b.fadd(b.fsub(m[1], m[2]), m[3])]


FORMS = {2: (inward2, outward2), 4: (inward4, outward4)}


def turned(lines):
    return [list(line) for line in zip(*lines, strict=True)]


def inputs(m):
    """An intrinsic: the (m + 2)^2 pixels at x, xr bytes a row, to as many planes at v, vp bytes apart."""
    inward, n = FORMS[m][0], m + 2

    @intrinsic
    def inputs(e, x, xr, v, vp):
        rows = [inward(e, [e.load(e.b.add(x, e.b.mul(xr, e.int(i))), BYTES * j) for j in range(n)]) for i in range(n)]
        for j, column in enumerate(turned(rows)):
            for i, value in enumerate(inward(e, column)):
                e.store(value, e.b.add(v, e.b.mul(vp, e.int(n * i + j))))

    return inputs


def outputs(m, act):
    """An intrinsic: planes at p, pp bytes apart, to m x m outputs at y, of which rows x columns are in the image."""
    outward, n = FORMS[m][1], m + 2

    @intrinsic
    def outputs(e, p, pp, bias, slope, r, rr, y, yr, rows, columns, lo: f32, hi: f32):
        b = e.b
        columns_of = [[e.load(b.add(p, b.mul(pp, e.int(n * i + j)))) for i in range(n)] for j in range(n)]
        lines = [outward(e, line) for line in turned([outward(e, column) for column in columns_of])]
        each, shift = [(i, 0) for i in range(m)], e.load(bias)
        old, new = ([b.add(base, b.mul(step, e.int(i))) for i in range(m)] for base, step in ((r, rr), (y, yr)))
        whole = b.and_(b.icmp_signed(">=", rows, e.int(m)), b.icmp_signed(">=", columns, e.int(m)))
        whole = b.and_(whole, b.icmp_signed("==", r, e.int(0)))
        with b.if_else(whole) as (quick, careful):
            with quick:
                for line, place in zip(lines, new, strict=True):
                    sums = [b.fadd(value, shift) for value in line]
                    for j, value in enumerate(activated(e, sums, each, slope, lo, hi, act)):
                        e.store(value, place, BYTES * j)
            with careful:
                for i, line in enumerate(lines):
                    for j, value in enumerate(line):
                        inside = b.and_(b.icmp_signed("<", e.int(i), rows), b.icmp_signed("<", e.int(j), columns))
                        with b.if_then(inside):
                            added = b.icmp_signed("!=", r, e.int(0))
                            more = e.load(b.select(added, old[i], bias), 0) if not j else None
                            more = e.load(b.select(added, e.at(old[i], BYTES * j), bias)) if j else more
                            total = b.fadd(b.fadd(value, shift), b.select(added, more, e.const(0)))
                            (total,) = activated(e, [total], each[:1], slope, lo, hi, act)
                            e.store(total, new[i], BYTES * j)

    return outputs
