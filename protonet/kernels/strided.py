"""Arrays read with other strides: what cuts parts out and what turns axes.  y is seen with six axes, a to f.

    y[a, b, c, d, e, f] <- x[start + a * sa + b * sb + c * sc + d * sd + e * se + f * sf]        all in elements

A task is ROWS rows along f, or what is left of them; `tasks` counts them.
"""

from math import prod

from protonet.kernels.jit import f32, i64, inline, kernel

M, L = "M", "L"
AXES = 6
ROWS = 16


def tasks(sizes):
    return -(-prod(sizes[:-1]) // ROWS)


def full(sizes, strides):
    """(sizes, strides) with ones in front, six of each; neighbouring axes that lie as one become one."""
    joined: list[tuple[int, int]] = []
    for n, stride in zip(sizes, strides, strict=True):
        if n == 1 and len(sizes) > 1:
            continue
        if joined and joined[-1][1] == n * stride:
            joined[-1] = joined[-1][0] * n, stride
        else:
            joined.append((n, stride))
    joined = joined or [(1, 1)]
    if len(joined) > AXES:
        raise ValueError(f"{len(joined)} axes that cannot be joined: at most {AXES}")
    joined = [(1, 0)] * (AXES - len(joined)) + joined
    return [n for n, _ in joined], [stride for _, stride in joined]


@inline
def place(row, B, C, D, E, sa, sb, sc, sd, se):
    """Where a row of y begins in x."""
    e, row = row % E, row // E
    d, row = row % D, row // D
    c, row = row % C, row // C
    b, a = row % B, row // B
    return a * sa + b * sb + c * sc + d * sd + e * se


@kernel(out="y")
def gather(
    x: f32[M],
    y: f32[L],
    start: i64,
    A: i64,
    B: i64,
    C: i64,
    D: i64,
    E: i64,
    F: i64,
    sa: i64,
    sb: i64,
    sc: i64,
    sd: i64,
    se: i64,
    sf: i64,
    begin,
    end,
):
    for row in range(begin * ROWS, min(end * ROWS, A * B * C * D * E)):
        at, to = start + place(row, B, C, D, E, sa, sb, sc, sd, se), row * F
        if sf == 1:
            for f in range(F):
                y[to + f] = x[at + f]
        else:
            for f in range(F):
                y[to + f] = x[at + f * sf]


@kernel(out="x")
def scatter(
    y: f32[L],
    x: f32[M],
    start: i64,
    A: i64,
    B: i64,
    C: i64,
    D: i64,
    E: i64,
    F: i64,
    sa: i64,
    sb: i64,
    sc: i64,
    sd: i64,
    se: i64,
    sf: i64,
    begin,
    end,
):
    """The way back: x at those places <- y; the rest of x is left alone."""
    for row in range(begin * ROWS, min(end * ROWS, A * B * C * D * E)):
        at, to = start + place(row, B, C, D, E, sa, sb, sc, sd, se), row * F
        if sf == 1:
            for f in range(F):
                x[at + f] = y[to + f]
        else:
            for f in range(F):
                x[at + f * sf] = y[to + f]
