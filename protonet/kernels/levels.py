"""Sums of some rows: x is O x A x S, y has of each o a row for each sum.  A task is an o."""

from protonet.kernels.jit import f32, i64, kernel

O, A, L, S = "OALS"


@kernel(out="y")
def sum_rows(x: f32[O, A, S], y: f32[O, L, S], level: i64, start: i64, count: i64, factor: f32, begin, end):
    """y[:, level] <- factor * the sum of count rows of x from start on."""
    S = x.shape[2]
    for o in range(begin, end):
        for s in range(S):
            y[o, level, s] = 0.0
        for a in range(start, start + count):
            for s in range(S):
                y[o, level, s] += factor * x[o, a, s]


@kernel(out="dx")
def spread_rows(dy: f32[O, L, S], dx: f32[O, A, S], level: i64, start: i64, count: i64, factor: f32, begin, end):
    """Each of count rows of dx from start on <- factor * dy[:, level]."""
    S = dx.shape[2]
    for o in range(begin, end):
        for a in range(start, start + count):
            for s in range(S):
                dx[o, a, s] = factor * dy[o, level, s]


@kernel(out="y")
def pick_rows(x: f32[O, A, S], which: i64[L], y: f32[O, L, S], begin, end):
    """y[:, l] <- x[:, which[l]]."""
    S = x.shape[2]
    for o in range(begin, end):
        for l in range(which.shape[0]):
            for s in range(S):
                y[o, l, s] = x[o, which[l], s]
