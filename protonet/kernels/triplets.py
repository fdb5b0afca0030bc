"""Anchor, positive and negative: three arrays of N rows of A numbers.  A task is a row."""

from protonet.kernels.jit import f32, f64, i64, kernel

N, A = "NA"


@kernel(out="sums active")
def triplets(a: f32[N, A], p: f32[N, A], q: f32[N, A], sums: f64[N], active: f32[N], margin: f32, begin, end):
    """sums[n] <- max(0, margin + |a - p| ** 2 - |a - q| ** 2); active[n] <- 1 where it is more than 0, else 0."""
    A = a.shape[1]
    for n in range(begin, end):
        value = f64(margin)
        for i in range(A):
            near, far = a[n, i] - p[n, i], a[n, i] - q[n, i]
            value += f64(near) * f64(near) - f64(far) * f64(far)
        sums[n] = value if value > f64(0) else f64(0)
        active[n] = 1.0 if value > f64(0) else 0.0


@kernel(out="dx")
def triplet_grad(
    x: f32[N, A], y: f32[N, A], active: f32[N], dloss: f32[1], dx: f32[N, A], factor: f32, begin, end
):  # fmt: skip
    """dx <- factor * dloss * (x - y) where active."""
    A = x.shape[1]
    for n in range(begin, end):
        scale = factor * dloss[0] * active[n]
        for i in range(A):
            dx[n, i] = scale * (x[n, i] - y[n, i])


@kernel(out="y")
def label_add(x: f32[N, A], label: f32[N], y: f32[N, A], bias: f32, adds: i64, begin, end):
    """y <- x, and at the label, if x is above -bias there and `adds`, x + bias."""
    A = x.shape[1]
    for n in range(begin, end):
        for i in range(A):
            y[n, i] = x[n, i]
        v = label[n]
        if adds != 0 and A > 0 and v > -1.0 and v < f32(A):
            k = i64(v)
            if x[n, k] > -bias:
                y[n, k] = x[n, k] + bias
