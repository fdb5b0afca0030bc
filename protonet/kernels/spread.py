"""Two arrays combined number by number, each spread over the other's axes.  y has six axes, a to f; all in elements.

    y[a, b, c, d, e, f] <- one of x[... strides of x] and z[... strides of z]; along f a stride is 0 or 1

A task is `group` rows along f, as strided.cut says; LLVM makes vectors of a row.
"""

from protonet.kernels.jit import f32, i64, inline, kernel
from protonet.kernels.strided import place

X, Z, Y = "XZY"


@inline
def plus(u, v):
    return u + v


@inline
def minus(u, v):
    return u - v


@inline
def over(u, v):
    return u / v


@inline
def larger(u, v):
    """NaN if u is; of equals v."""
    return u if u > v or u != u else v


@inline
def smaller(u, v):
    return u if u < v or u != u else v


def make(name, op):
    def combine(
        x: f32[X], z: f32[Z], y: f32[Y], group: i64, A: i64, B: i64, C: i64, D: i64, E: i64, F: i64,
        xa: i64, xb: i64, xc: i64, xd: i64, xe: i64, xf: i64,
        za: i64, zb: i64, zc: i64, zd: i64, ze: i64, zf: i64, begin, end,
    ):  # fmt: skip
        row, last = begin * group, min(end * group, A * B * C * D * E)
        while row < last:
            e = row % E
            p = place(row // E, B, C, D, xa, xb, xc, xd) + e * xe
            q = place(row // E, B, C, D, za, zb, zc, zd) + e * ze
            for _ in range(min(E - e, last - row)):
                to = row * F
                if xf == 1 and zf == 1:
                    for f in range(F):
                        y[to + f] = op(x[p + f], z[q + f])
                elif xf == 1:
                    v = z[q]
                    for f in range(F):
                        y[to + f] = op(x[p + f], v)
                else:
                    u = x[p]
                    for f in range(F):
                        y[to + f] = op(u, z[q + f * zf])
                p += xe
                q += ze
                row += 1

    combine.__name__ = name
    return kernel(combine, out="y")


add, subtract, divide = make("add", plus), make("subtract", minus), make("divide", over)
maximum, minimum = make("maximum", larger), make("minimum", smaller)
