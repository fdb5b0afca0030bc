"""Rows repeated: y[o, t] <- x[o] for x (O, A) and y (O, T, A).  A task is an o."""

from protonet.kernels.jit import f32, kernel

O, T, A = "OTA"


@kernel(out="y")
def repeat(x: f32[O, A], y: f32[O, T, A], begin, end):
    _, T, A = y.shape
    for o in range(begin, end):
        for t in range(T):
            for a in range(A):
                y[o, t, a] = x[o, a]


@kernel(out="dx")
def repeat_grad(dy: f32[O, T, A], dx: f32[O, A], begin, end):
    """dx[o] <- sum of dy[o, t] over t."""
    _, T, A = dy.shape
    for o in range(begin, end):
        for a in range(A):
            dx[o, a] = dy[o, 0, a]
        for t in range(1, T):
            for a in range(A):
                dx[o, a] += dy[o, t, a]
