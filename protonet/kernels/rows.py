"""Rows chosen by number: the numbers are float32, as labels are.  A task is COLUMNS columns of all rows, so that rows
that are chosen twice can be added to in order.
"""

from protonet.kernels.jit import f32, kernel
from protonet.kernels.labels import NO_LABEL, class_of

N, M, A = "NMA"
COLUMNS = 256


def tasks(A):
    return -(-A // COLUMNS)


@kernel(out="y")
def pick(x: f32[N, A], index: f32[M], y: f32[M, A], begin, end):
    """y[m] <- x[index[m]]; 0 where there is no such row."""
    N, A = x.shape
    first, last = begin * COLUMNS, min(end * COLUMNS, A)
    for m in range(index.shape[0]):
        n = class_of(index[m], N, NO_LABEL)
        if n >= 0:
            for a in range(first, last):
                y[m, a] = x[n, a]
        else:
            for a in range(first, last):
                y[m, a] = 0.0


@kernel(out="dx")
def pick_grad(dy: f32[M, A], index: f32[M], dx: f32[N, A], begin, end):
    """dx[index[m]] <- dx[index[m]] + dy[m]."""
    N, A = dx.shape
    first, last = begin * COLUMNS, min(end * COLUMNS, A)
    for m in range(index.shape[0]):
        n = class_of(index[m], N, NO_LABEL)
        if n >= 0:
            for a in range(first, last):
                dx[n, a] += dy[m, a]


@kernel(out="dx")
def filter_grad(dy: f32[M, A], chosen: f32[N], dx: f32[N, A], begin, end):
    """dx[n] <- the next row of dy where chosen[n] is not 0, else 0."""
    N, A = dx.shape
    first, last = begin * COLUMNS, min(end * COLUMNS, A)
    m = 0
    for n in range(N):
        if chosen[n] != 0.0 and m < dy.shape[0]:
            for a in range(first, last):
                dx[n, a] = dy[m, a]
            m += 1
        else:
            for a in range(first, last):
                dx[n, a] = 0.0
