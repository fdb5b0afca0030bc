"""Arrays read with other strides: what cuts parts out and what moves rows.  y is seen with six axes, a to f.

    y[a, b, c, d, e, f] <- x[start + a * sa + b * sb + c * sc + d * sd + e * se + f * sf]        all in elements

A task is `group` rows along f; `cut` says how many.
"""

from math import prod

from protonet.kernels.jit import address, f32, i64, inline, kernel
from protonet.kernels.memory import copy, fill, mirror

M, L = "M", "L"
AXES = 6
ENOUGH = 4096  # numbers a task


def cut(sizes):
    """(rows a task, tasks)."""
    group = max(1, ENOUGH // max(1, sizes[-1]))
    return group, -(-prod(sizes[:-1]) // group)


def full(sizes, *strides):
    """(sizes, strides, ...) with ones in front, six of each; neighbouring axes that lie as one in all become one."""
    joined: list[tuple[int, ...]] = []
    for n, *steps in zip(sizes, *strides, strict=True):
        if n == 1 and len(sizes) > 1:
            continue
        if joined and joined[-1][1:] == tuple(n * step for step in steps):
            joined[-1] = joined[-1][0] * n, *steps
        else:
            joined.append((n, *steps))
    joined = joined or [(1,) * (1 + len(strides))]
    if len(joined) > AXES:
        raise ValueError(f"{len(joined)} axes that cannot be joined: at most {AXES}")
    joined = [(1, *[0] * len(strides))] * (AXES - len(joined)) + joined
    return tuple(list(each) for each in zip(*joined, strict=True))


@inline
def place(row, B, C, D, sa, sb, sc, sd):
    """Where a row along e begins in x."""
    d, row = row % D, row // D
    c, row = row % C, row // C
    b, a = row % B, row // B
    return a * sa + b * sb + c * sc + d * sd


@kernel(out="y")
def gather(
    x: f32[M], y: f32[L], start: i64, group: i64, A: i64, B: i64, C: i64, D: i64, E: i64, F: i64,
    sa: i64, sb: i64, sc: i64, sd: i64, se: i64, sf: i64, begin, end,
):  # fmt: skip
    row, last = begin * group, min(end * group, A * B * C * D * E)
    while row < last:
        first = row % E
        count = min(E - first, last - row)
        at, to = start + place(row // E, B, C, D, sa, sb, sc, sd) + first * se, row * F
        for _ in range(count):
            if sf == 1:
                copy(address(y, to), address(x, at), F)
            elif sf == -1:
                mirror(address(y, to), address(x, at), F)
            elif sf == 0:
                fill(address(y, to), x[at], F)
            else:
                for f in range(F):
                    y[to + f] = x[at + f * sf]
            at += se
            to += F
        row += count


@kernel(out="x")
def scatter(
    y: f32[L], x: f32[M], start: i64, group: i64, A: i64, B: i64, C: i64, D: i64, E: i64, F: i64,
    sa: i64, sb: i64, sc: i64, sd: i64, se: i64, sf: i64, begin, end,
):  # fmt: skip
    """The way back: x at those places <- y; the rest of x is left alone."""
    row, last = begin * group, min(end * group, A * B * C * D * E)
    while row < last:
        first = row % E
        count = min(E - first, last - row)
        at, to = start + place(row // E, B, C, D, sa, sb, sc, sd) + first * se, row * F
        for _ in range(count):
            if sf == 1:
                copy(address(x, at), address(y, to), F)
            else:
                for f in range(F):
                    x[at + f * sf] = y[to + f]
            at += se
            to += F
        row += count
