"""Rows of x (O, A) made numbers: sums in float64, of pairs in float32.  A task is a row."""

from protonet.kernels.jit import f32, f64, i64, kernel

O, A = "OA"
SUM, ASUM, SUMSQ = 1, 2, 3  # as in ReductionParameter


@kernel(out="y")
def reduce(x: f32[O, A], y: f32[O], operation: i64, factor: f32, begin, end):
    """y[o] <- factor * the sum of x, of |x|, or of x ** 2."""
    A = x.shape[1]
    half = A // 2
    for o in range(begin, end):
        total = f64(0)
        if operation == ASUM:
            for a in range(half):
                total += f64(abs(x[o, a]) + abs(x[o, half + a]))
            if A % 2 == 1:
                total += f64(abs(x[o, A - 1]))
        elif operation == SUMSQ:
            for a in range(A):
                total += f64(x[o, a]) * f64(x[o, a])
        else:
            for a in range(half):
                total += f64(x[o, a] + x[o, half + a])
            if A % 2 == 1:
                total += f64(x[o, A - 1])
        y[o] = f32(total * f64(factor))


@kernel(out="dx")
def reduce_grad(x: f32[O, A], dy: f32[O], dx: f32[O, A], operation: i64, factor: f32, begin, end):
    """dx <- factor * dy times 1, the sign of x, or 2 * x."""
    A = x.shape[1]
    for o in range(begin, end):
        slope = factor * dy[o]
        if operation == ASUM:
            for a in range(A):
                dx[o, a] = slope if x[o, a] > 0.0 else (-slope if x[o, a] < 0.0 else 0.0)
        elif operation == SUMSQ:
            for a in range(A):
                dx[o, a] = 2.0 * slope * x[o, a]
        else:
            for a in range(A):
                dx[o, a] = slope
