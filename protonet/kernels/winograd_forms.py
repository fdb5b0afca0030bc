"""Winograd's transforms: F(m x m, r x r), each a matrix on both sides of a tile of m + r - 1 squared (see winograd.py).

A row of B' times d is the value at one point of the polynomial with coefficients d, times the differences to the other
points, which G divides by again; A' evaluates powers of the points.  What n = m + r - 1 decides (B') is written out
once for each n, with what rows share.  Points, infinity besides, and the largest error over the largest output that was
measured for 512 channels:

    n = 4   0, 1, -1                       1e-6
    n = 6   0, 1, -1, 1/2, -2              5e-6    (with 2 in place of 1/2: 1.4e-5)
    n = 8   0, 1, -1, 1/2, -1/2, 2, -2     2e-5
"""

from fractions import Fraction

import numpy as np

from protonet.kernels.conv_blocked import activated
from protonet.kernels.jit import f32, intrinsic
from protonet.kernels.simd import BYTES

HALF = Fraction(1, 2)
POINTS = {4: (0, 1, -1), 6: (0, 1, -1, HALF, -2), 8: (0, 1, -1, HALF, -HALF, 2, -2)}
FORMS = (2, 3), (4, 3), (6, 3), (3, 4), (5, 4), (2, 5), (4, 5)  # (m, r)


def planes(form):
    m, r = form
    return (m + r - 1) ** 2


def matrix(form):
    """G, n x r, in float64."""
    m, r = form
    points = POINTS[m + r - 1]
    rows = []
    for p in points:
        others = np.prod([float(p - q) for q in points if q != p])
        rows.append([float(p**i) / others for i in range(r)])
    return np.array([*rows, [0] * (r - 1) + [1]])


def weights(w, form):
    """(K, C, r, r) -> G w G': (K, C, planes), in float64."""
    G = matrix(form)
    return np.einsum("ai,koij,bj->koab", G, w.astype(np.float64), G, optimize=True).reshape(*w.shape[:2], -1)


def inward4(e, d):
    """B' d for n = 4."""
    b = e.b
    return [b.fsub(d[2], d[0]), b.fadd(d[2], d[1]), b.fsub(d[2], d[1]), b.fsub(d[3], d[1])]


def inward6(e, d):
    """Factors of the polynomials: s, t are those of x (x^2 - 1), u, v of x (x^2 + 3/2 x - 1)."""
    b, half = e.b, e.const(1.5)
    s, t = b.fsub(d[3], d[1]), b.fsub(d[4], d[2])
    u, v = e.fma(half, d[2], s), e.fma(half, d[3], t)
    first, last = b.fadd(b.fsub(d[0], d[2]), t), b.fsub(b.fsub(d[5], d[3]), s)
    return [
        e.fma(half, s, first), b.fadd(v, u), b.fsub(v, u),
        e.fma(e.const(2), s, t), e.fma(e.const(-0.5), s, t), e.fma(half, t, last),
    ]  # fmt: skip


def inward8(e, d):
    """Points come in pairs +-p: even powers plus or minus odd ones."""
    b = e.b
    result = [e.fma(e.const(5.25), b.fsub(d[2], d[4]), b.fsub(d[6], d[0]))]
    for p, middle, last in ((1, -4.25, 1), (0.5, -5, 4), (2, -1.25, 0.25)):
        even = e.fma(e.const(last), d[2], e.fma(e.const(middle), d[4], d[6]))
        odd = e.fma(e.const(last), d[1], e.fma(e.const(middle), d[3], d[5]))
        result += [e.fma(e.const(p), odd, even), e.fma(e.const(-p), odd, even)]
    return [*result, e.fma(e.const(5.25), b.fsub(d[3], d[5]), b.fsub(d[7], d[1]))]


INWARD = {4: inward4, 6: inward6, 8: inward8}


def outward(e, values, m):
    """A' times the values: output i is the sum of value * point^i, and of the value at infinity for the last one."""
    *finite, infinity = values
    points = POINTS[len(values)]
    pairs = [(p, i, points.index(-p)) for i, p in enumerate(points) if p > 0 and -p in points]
    alone = [i for i, p in enumerate(points) if p and -p not in points]
    sums = {p: (e.b.fadd(finite[i], finite[j]), e.b.fsub(finite[i], finite[j])) for p, i, j in pairs}
    result = []
    for i in range(m):
        terms = [(float(p**i), sums[p][i % 2]) for p in sums] + [(float(points[k] ** i), finite[k]) for k in alone]
        total = finite[0] if i == 0 else infinity if i == m - 1 else None
        for factor, value in terms:
            if total is None:
                total = value if factor == 1 else e.b.fmul(e.const(factor), value)
            else:
                total = e.b.fadd(total, value) if factor == 1 else e.fma(e.const(factor), value, total)
        result.append(total)
    return result


def inputs(form):
    """An intrinsic: the n x n pixels at x, xr bytes a row, to as many planes at v, vp bytes apart.

    Rows in a loop, then columns, by way of `scratch`: written out at once, the n^2 vectors make a mess of the registers
    (n = 8: four times slower).
    """
    n = sum(form) - 1
    inward = INWARD[n]

    @intrinsic
    def inputs(e, x, xr, v, vp, scratch):
        b = e.b

        def row(_, c):
            at, to = c
            for j, value in enumerate(inward(e, [e.load(at, BYTES * j) for j in range(n)])):
                e.store(value, to, BYTES * j)
            return [b.add(at, xr), e.at(to, BYTES * n)]

        def column(_, c):
            at, to = c
            for i, value in enumerate(inward(e, [e.load(at, BYTES * n * i) for i in range(n)])):
                e.store(value, b.add(to, b.mul(vp, e.int(n * i))))
            return [e.at(at, BYTES), b.add(to, vp)]

        e.loop(e.int(n), [x, scratch], row)
        e.loop(e.int(n), [scratch, v], column)

    return inputs


def outputs(form, act):
    """An intrinsic: planes at p, pp bytes apart, to m x m outputs at y, of which rows x columns are in the image."""
    m, n = form[0], sum(form) - 1

    @intrinsic
    def outputs(e, p, pp, bias, slope, r, rr, y, yr, rows, columns, lo: f32, hi: f32, scratch):
        b = e.b

        def column(_, c):
            at, to = c
            values = [e.load(b.add(at, b.mul(pp, e.int(n * i)))) for i in range(n)]
            for i, value in enumerate(outward(e, values, m)):
                e.store(value, to, BYTES * n * i)
            return [b.add(at, pp), e.at(to, BYTES)]

        def row(_, c):
            at, old, to = c
            values = outward(e, [e.load(at, BYTES * j) for j in range(n)], m)
            sums = [b.fadd(value, shift) for value in values]
            with b.if_else(quick) as (whole, careful):
                with whole:
                    for j, value in enumerate(activated(e, sums, each, slope, lo, hi, act)):
                        e.store(value, to, BYTES * j)
                with careful:
                    for j, value in enumerate(sums):
                        with b.if_then(b.icmp_signed("<", e.int(j), columns)):
                            more = e.load(b.select(added, e.at(old, BYTES * j), bias))
                            total = b.fadd(value, b.select(added, more, e.const(0)))
                            (total,) = activated(e, [total], each[:1], slope, lo, hi, act)
                            e.store(total, to, BYTES * j)
            return [e.at(at, BYTES * n), b.add(old, rr), b.add(to, yr)]

        each, shift, added = [(j, 0) for j in range(m)], e.load(bias), b.icmp_signed("!=", r, e.int(0))
        quick = b.and_(b.icmp_signed(">=", columns, e.int(m)), b.not_(added))
        e.loop(e.int(n), [p, scratch], column)
        e.loop(b.select(b.icmp_signed("<", rows, e.int(m)), rows, e.int(m)), [scratch, r, y], row)

    return outputs
