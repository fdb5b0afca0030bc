"""Connectionist temporal classification of N sequences: p (T, N, C) probabilities, at most L labels each.

    the labels with blanks between, before and behind them are U = 2 length + 1 states; alpha[t, u] is the probability
    of having come to state u by time t, beta[t, u] of going on from there; both as logarithms in float64

A task is a sequence.  One whose labels do not fit its time costs nothing and teaches nothing, as in warp-ctc.
"""

import math

from protonet.kernels.fault import report
from protonet.kernels.jit import f32, f64, i64, inline, kernel

T, N, C, L, U, A, B = "T", "N", "C", "L", "U", "A", "B"
NEVER = -1e30
TINY = 1e-37


@kernel(out="labels length fault")
def read_labels(
    given: f32[A, B], labels: i64[N, L], length: i64[N], fault: i64[2],
    classes: i64, blank: i64, turned: i64, begin, end,
):  # fmt: skip
    """labels[n, :length[n]] <- those of given[n] (`turned`: [:, n]) that are neither blank nor below 0.  One task."""
    N, L = labels.shape
    for n in range(N):
        count = i64(0)
        for i in range(L):
            v = given[i, n] if turned else given[n, i]
            if not v < f32(classes):
                report(fault, n * L + i, v)
            elif v >= 0.0 and i64(v) != blank:
                labels[n, count] = i64(v)
                count += 1
        length[n] = count


@kernel(out="times")
def read_times(going: f32[T, N], times: i64[N], begin, end):
    """times[n] <- how long sequence n is: until `going` is 0 again after the first time.  One task."""
    for n in range(going.shape[1]):
        t = i64(1)
        while t < going.shape[0] and going[t, n] != 0.0:
            t += 1
        times[n] = t


@inline
def plus(a, b):
    """log(exp(a) + exp(b))."""
    top = max(a, b)
    return top + math.log1p(math.exp(min(a, b) - top)) if top > f64(NEVER) else f64(NEVER)


@kernel(out="loss slopes alpha beta", double=True)
def ctc(
    p: f32[T, N, C], labels: i64[N, L], length: i64[N], times: i64[N],
    loss: f64[N], slopes: f32[T, N, C], alpha: f64[N, T, U], beta: f64[N, T, U], blank: i64, begin, end,
):  # fmt: skip
    """loss[n] <- -log of the probability of the labels; slopes <- its gradient by what p is the softmax of."""
    T, N, C = p.shape
    for n in range(begin, end):
        steps, count = times[n], length[n]
        last = 2 * count
        repeats = i64(0)
        for i in range(1, count):
            repeats += 1 if labels[n, i] == labels[n, i - 1] else 0
        for t in range(T):
            for c in range(C):
                slopes[t, n, c] = f32(0)
        loss[n] = f64(0)
        if count + repeats <= steps:
            for t in range(steps):
                for u in range(last + 1):
                    k = labels[n, u // 2] if u % 2 == 1 else blank
                    skips = u % 2 == 1 and u > 2 and labels[n, u // 2] != labels[n, u // 2 - 1]
                    here = math.log(max(f64(p[t, n, k]), f64(TINY)))
                    if t == 0:
                        alpha[n, t, u] = here if u < 2 else f64(NEVER)
                    else:
                        came = alpha[n, t - 1, u]
                        if u > 0:
                            came = plus(came, alpha[n, t - 1, u - 1])
                        if skips:
                            came = plus(came, alpha[n, t - 1, u - 2])
                        alpha[n, t, u] = came + here if came > f64(NEVER) else f64(NEVER)
            for back in range(steps):
                t = steps - 1 - back
                for u in range(last + 1):
                    if t == steps - 1:
                        beta[n, t, u] = f64(0) if u >= last - 1 else f64(NEVER)
                    else:
                        goes = f64(NEVER)
                        for step in range(3):
                            v = u + step
                            jumps = step < 2 or (
                                v % 2 == 1 and v <= last and labels[n, v // 2] != labels[n, v // 2 - 1]
                            )
                            if v <= last and jumps:
                                k = labels[n, v // 2] if v % 2 == 1 else blank
                                there = beta[n, t + 1, v]
                                if there > f64(NEVER):
                                    goes = plus(goes, there + math.log(max(f64(p[t + 1, n, k]), f64(TINY))))
                        beta[n, t, u] = goes
            total = alpha[n, steps - 1, last]
            if last > 0:
                total = plus(total, alpha[n, steps - 1, last - 1])
            loss[n] = -total
            for t in range(steps):
                for c in range(C):
                    slopes[t, n, c] = p[t, n, c]
                for u in range(last + 1):
                    k = labels[n, u // 2] if u % 2 == 1 else blank
                    if alpha[n, t, u] > f64(NEVER) and beta[n, t, u] > f64(NEVER):
                        slopes[t, n, k] -= f32(math.exp(alpha[n, t, u] + beta[n, t, u] - total))


@kernel(out="times")
def all_times(times: i64[N], steps: i64, begin, end):
    """times <- steps.  One task."""
    for n in range(times.shape[0]):
        times[n] = steps
