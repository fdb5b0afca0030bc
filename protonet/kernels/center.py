"""Distances of M vectors of A numbers to the centres of their classes, c (K, A)."""

from protonet.kernels.jit import f32, f64, kernel
from protonet.kernels.labels import NO_LABEL, class_of

M, A, K = "MAK"
CHUNK = 64


def tasks(K):
    return -(-K // CHUNK)


@kernel(out="d sums")
def center_distance(x: f32[M, A], label: f32[M], c: f32[K, A], d: f32[M, A], sums: f64[M], begin, end):
    """d[m] <- x[m] - c[label[m]]; sums[m] <- the sum of its squares.  A task is a row; 0 for what is no class."""
    for m in range(begin, end):
        k, part = class_of(label[m], c.shape[0], NO_LABEL), f64(0)
        for a in range(x.shape[1]):
            d[m, a] = x[m, a] - c[k, a] if k >= 0 else 0.0
            part += f64(d[m, a]) * f64(d[m, a])
        sums[m] = part


@kernel(out="dc count")
def center_grad(d: f32[M, A], label: f32[M], dc: f32[K, A], count: f32[K], begin, end):
    """dc[k] -= the sum of d of class k, divided by one more than they are.  A task is CHUNK classes."""
    M, A = d.shape
    K = dc.shape[0]
    first, last = begin * CHUNK, min(end * CHUNK, K)
    for k in range(first, last):
        count[k] = 1.0
    for m in range(M):
        k = class_of(label[m], K, NO_LABEL)
        if k >= first and k < last:
            count[k] += 1.0
    for m in range(M):
        k = class_of(label[m], K, NO_LABEL)
        if k >= first and k < last:
            for a in range(A):
                dc[k, a] -= d[m, a] / count[k]
