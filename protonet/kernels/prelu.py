"""PReLU of x (N, C, S) with one slope per channel; tasks as in affine.py."""

from protonet.kernels.jit import f32, f64, kernel

N, C, S = "NCS"


@kernel(y="x", out="y")
def prelu(x: f32[N, C, S], a: f32[C], y: f32[N, C, S], begin, end):
    """y <- x where x > 0, else a[c] * x."""
    N, C, S = x.shape
    for row in range(begin, end):
        if S == 1:
            for c in range(C):
                y[row, c, 0] = max(x[row, c, 0], 0.0) + a[c] * min(x[row, c, 0], 0.0)
        else:
            n, c = row // C, row % C
            slope = a[c]
            for s in range(S):
                y[n, c, s] = max(x[n, c, s], 0.0) + slope * min(x[n, c, s], 0.0)


@kernel(dx="dy", out="dx")
def prelu_grad(x: f32[N, C, S], a: f32[C], dy: f32[N, C, S], dx: f32[N, C, S], begin, end):
    """dx <- dy where x > 0, else a[c] * dy."""
    N, C, S = x.shape
    for row in range(begin, end):
        if S == 1:
            for c in range(C):
                dx[row, c, 0] = dy[row, c, 0] if x[row, c, 0] > 0.0 else a[c] * dy[row, c, 0]
        else:
            n, c = row // C, row % C
            slope = a[c]
            for s in range(S):
                dx[n, c, s] = dy[n, c, s] if x[n, c, s] > 0.0 else slope * dy[n, c, s]


@kernel(out="da sums")
def slope_grad(x: f32[N, C, S], dy: f32[N, C, S], da: f32[C], sums: f64[C], begin, end):
    """da[c] <- da[c] + sum of dy * x where x < 0; sums is scratch, a task is a channel."""
    N, C, S = x.shape
    for c in range(begin, end):
        sums[c] = f64(0)
    if S == 1:
        for n in range(N):
            for c in range(begin, end):
                sums[c] += f64(dy[n, c, 0] * min(x[n, c, 0], 0.0))
    else:
        for c in range(begin, end):
            total = f64(0)
            for n in range(N):
                for s in range(S):
                    total += f64(dy[n, c, s] * min(x[n, c, s], 0.0))
            sums[c] = total
    for c in range(begin, end):
        da[c] += f32(sums[c])
