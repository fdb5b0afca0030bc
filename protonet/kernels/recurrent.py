"""What recurrent layers do to a state between two times: N sequences of H numbers, at T times.  A task is a row."""

from protonet.kernels.jit import f32, kernel

N, H, T = "NHT"


@kernel(out="y")
def masked(x: f32[N, H], cont: f32[N], y: f32[N, H], begin, end):
    """y <- cont[n] * x."""
    for n in range(begin, end):
        for k in range(x.shape[1]):
            y[n, k] = cont[n] * x[n, k]


@kernel(y="dy", out="y")
def masked_grad(dy: f32[N, H], r: f32[N, H], cont: f32[N], y: f32[N, H], begin, end):
    """y <- dy + cont[n] * r."""
    for n in range(begin, end):
        for k in range(r.shape[1]):
            y[n, k] = dy[n, k] + cont[n] * r[n, k]


@kernel(out="y")
def add_everywhere(x: f32[N, H], y: f32[T, N, H], begin, end):
    """y[t, n] += x[n]."""
    for n in range(begin, end):
        for t in range(y.shape[0]):
            for k in range(x.shape[1]):
                y[t, n, k] += x[n, k]


@kernel(out="y")
def sum_over_time(x: f32[T, N, H], y: f32[N, H], begin, end):
    """y[n] <- the sum of x[t, n] over t."""
    for n in range(begin, end):
        for k in range(y.shape[1]):
            y[n, k] = 0.0
        for t in range(x.shape[0]):
            for k in range(y.shape[1]):
                y[n, k] += x[t, n, k]
