"""Softmax over the classes of x (O, C, S): outer, classes, inner; and the multinomial logistic loss of it.

A task is a row where S is 1, else BLOCK positions of one outer index, side by side; `tasks` counts them.
"""

import math

from protonet.kernels.exp import exp
from protonet.kernels.jit import f32, f64, i64, inline, kernel
from protonet.kernels.labels import class_of
from protonet.kernels.softmax_row import rows_of

O, C, S, T, V = "OCSTV"
BLOCK = 512
TINY = 1.17549435e-38  # the smallest normal float32, as in Caffe


rows = rows_of()


def tasks(O, S):
    return O * -(-S // BLOCK)


@inline
def tops(x, top, o, C, first, last):
    """top[o, s] <- the largest x[o, :, s], for positions `first` to before `last`."""
    for s in range(first, last):
        top[o, s] = x[o, 0, s]
    for c in range(1, C):
        for s in range(first, last):
            top[o, s] = max(top[o, s], x[o, c, s])


@kernel(y="x", out="y work")
def softmax(x: f32[O, C, S], y: f32[O, C, S], work: f32[O, S], begin, end):
    """y <- exp(x) / sum of exp(x) over c; work is scratch.  The largest x is taken off first, so nothing overflows."""
    O, C, S = x.shape
    if S == 1:
        rows(x, y, C, 0.0, begin, end)
        return
    blocks = (S + BLOCK - 1) // BLOCK
    for task in range(begin, end if C > 0 else begin):
        o, first = task // blocks, task % blocks * BLOCK
        last = min(first + BLOCK, S)
        tops(x, work, o, C, first, last)
        for c in range(C):
            for s in range(first, last):
                y[o, c, s] = exp(x[o, c, s] - work[o, s])
        for s in range(first, last):
            work[o, s] = 0.0
        for c in range(C):
            for s in range(first, last):
                work[o, s] += y[o, c, s]
        for s in range(first, last):
            work[o, s] = 1.0 / work[o, s]
        for c in range(C):
            for s in range(first, last):
                y[o, c, s] *= work[o, s]


@kernel(dx="dy", out="dx work")
def softmax_grad(y: f32[O, C, S], dy: f32[O, C, S], dx: f32[O, C, S], work: f32[O, S], begin, end):
    """dx <- y * (dy - sum of dy * y over c); work is scratch."""
    O, C, S = y.shape
    if S == 1:
        for o in range(begin, end):
            dot = 0.0
            for c in range(C):
                dot += dy[o, c, 0] * y[o, c, 0]
            for c in range(C):
                dx[o, c, 0] = y[o, c, 0] * (dy[o, c, 0] - dot)
        return
    blocks = (S + BLOCK - 1) // BLOCK
    for task in range(begin, end):
        o, first = task // blocks, task % blocks * BLOCK
        last = min(first + BLOCK, S)
        for s in range(first, last):
            work[o, s] = 0.0
        for c in range(C):
            for s in range(first, last):
                work[o, s] += dy[o, c, s] * y[o, c, s]
        for c in range(C):
            for s in range(first, last):
                dx[o, c, s] = y[o, c, s] * (dy[o, c, s] - work[o, s])


@kernel(out="loss count")
def log_loss(p: f32[O, C, S], label: f32[O, S], weight: f32[V], loss: f64[T], count: f64[T], ignore: i64, begin, end):
    """loss[task] <- sum of -log p at the labels that count, count[task] <- how many they are.

    A label k weighs weight[k]; where there are no weights, 1.
    """
    _, C, S = p.shape
    V = weight.shape[0]
    blocks = (S + BLOCK - 1) // BLOCK
    for task in range(begin, end):
        o, first = task // blocks, task % blocks * BLOCK
        total, n = f64(0), f64(0)
        for s in range(first, min(first + BLOCK, S)):
            k = class_of(label[o, s], C, ignore)
            if k >= 0:
                mine = weight[k] if k < V else f32(1.0)
                total -= f64(mine * math.log(max(p[o, k, s], TINY)))  # max keeps a NaN, which comes first
                n += f64(1)
        loss[task], count[task] = total, n


@kernel(out="loss norm")
def average(sums: f64[T], count: f64[T], loss: f32[1], norm: f32[1], given: f32, begin, end):
    """loss <- sum of sums / norm; norm <- `given` if positive, else the sum of count, and at least 1.  One task."""
    total, n = f64(0), f64(0)
    for t in range(sums.shape[0]):
        total += sums[t]
        n += count[t]
    norm[0] = max(given if given > 0.0 else f32(n), 1.0)
    loss[0] = f32(total / f64(norm[0]))


@kernel(out="dx")
def log_loss_grad(
    p: f32[O, C, S],
    label: f32[O, S],
    weight: f32[V],
    norm: f32[1],
    dloss: f32[1],
    dx: f32[O, C, S],
    ignore: i64,
    begin,
    end,
):
    """dx <- (p - one at the label) * its weight * dloss / norm; 0 where the label does not count."""
    O, C, S = p.shape
    V, factor = weight.shape[0], dloss[0] / norm[0]
    blocks = (S + BLOCK - 1) // BLOCK
    for task in range(begin, end):
        o, first = task // blocks, task % blocks * BLOCK
        last = min(first + BLOCK, S)
        if S == 1:
            for c in range(C):
                dx[o, c, 0] = factor * p[o, c, 0]
        else:
            for c in range(C):
                for s in range(first, last):
                    dx[o, c, s] = factor * p[o, c, s]
        for s in range(first, last):
            k = class_of(label[o, s], C, ignore)
            if k >= 0:
                dx[o, k, s] -= factor
                if k < V:
                    for c in range(C):
                        dx[o, c, s] *= weight[k]
            else:
                for c in range(C):
                    dx[o, c, s] = 0.0
