"""y = a * x + b with one a and one b per channel: x is N x C x S (batch, channel, position).

Forward, a task is a plane (n, c), or where S is 1 a row n; `rows` counts them.  The sums of the gradients are over a
channel, in float64, and a task is a channel; where S is 1 neighbouring channels are summed side by side.
"""

from protonet.kernels.jit import f32, f64, i64, kernel

N, C, S = "NCS"


def rows(N, C, S):
    """How many tasks the kernels below have that work on planes."""
    return N if S == 1 else N * C


@kernel(y="x", out="y")
def affine(x: f32[N, C, S], a: f32[C], b: f32[C], y: f32[N, C, S], begin, end):
    """y <- a[c] * x + b[c]."""
    N, C, S = x.shape
    for row in range(begin, end):
        if S == 1:
            for c in range(C):
                y[row, c, 0] = a[c] * x[row, c, 0] + b[c]
        else:
            n, c = row // C, row % C
            scale, shift = a[c], b[c]
            for s in range(S):
                y[n, c, s] = scale * x[n, c, s] + shift


@kernel(y="x", out="y")
def scale(x: f32[N, C, S], a: f32[C], y: f32[N, C, S], begin, end):
    """y <- a[c] * x."""
    N, C, S = x.shape
    for row in range(begin, end):
        if S == 1:
            for c in range(C):
                y[row, c, 0] = a[c] * x[row, c, 0]
        else:
            n, c = row // C, row % C
            factor = a[c]
            for s in range(S):
                y[n, c, s] = factor * x[n, c, s]


@kernel(y="x", out="y")
def shift(x: f32[N, C, S], b: f32[C], y: f32[N, C, S], begin, end):
    """y <- x + b[c]."""
    N, C, S = x.shape
    for row in range(begin, end):
        if S == 1:
            for c in range(C):
                y[row, c, 0] = x[row, c, 0] + b[c]
        else:
            n, c = row // C, row % C
            term = b[c]
            for s in range(S):
                y[n, c, s] = x[n, c, s] + term


@kernel(out="da sums")
def scale_grad(x: f32[N, C, S], dy: f32[N, C, S], da: f32[C], sums: f64[C], add: i64, begin, end):
    """da[c] <- sum of dy * x, added to what was there if `add`; sums is scratch."""
    N, C, S = x.shape
    for c in range(begin, end):
        sums[c] = f64(0)
    if S == 1:
        for n in range(N):
            for c in range(begin, end):
                sums[c] += f64(dy[n, c, 0] * x[n, c, 0])
    else:
        for c in range(begin, end):
            total = f64(0)
            for n in range(N):
                for s in range(S):
                    total += f64(dy[n, c, s] * x[n, c, s])
            sums[c] = total
    for c in range(begin, end):
        da[c] = f32(sums[c]) + da[c] if add != 0 else f32(sums[c])


@kernel(out="db sums")
def shift_grad(dy: f32[N, C, S], db: f32[C], sums: f64[C], add: i64, begin, end):
    """db[c] <- sum of dy, added to what was there if `add`; sums is scratch."""
    N, C, S = dy.shape
    for c in range(begin, end):
        sums[c] = f64(0)
    if S == 1:
        for n in range(N):
            for c in range(begin, end):
                sums[c] += f64(dy[n, c, 0])
    else:
        for c in range(begin, end):
            total = f64(0)
            for n in range(N):
                for s in range(S):
                    total += f64(dy[n, c, s])
            sums[c] = total
    for c in range(begin, end):
        db[c] = f32(sums[c]) + db[c] if add != 0 else f32(sums[c])
