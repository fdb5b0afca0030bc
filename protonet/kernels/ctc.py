"""Connectionist temporal classification of N sequences: p (T, N, C) probabilities, at most L labels each.

    the labels with blanks between, before and behind them are U = 2 length + 1 states; alpha[t, u] is the probability
    of having come to state u by time t, beta[t, u] of going on from there; both as logarithms in float64, so that no
    sequence is too long or too unlikely

A task is a sequence.  One whose labels do not fit its time costs nothing and teaches nothing, as in warp-ctc.
"""

from protonet.kernels.exp import exp
from protonet.kernels.fault import report
from protonet.kernels.jit import f32, f64, i64, inline, kernel
from protonet.kernels.log import log

T, N, C, L, U, V, A, B = "TNCLUVAB"
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
def plus(a, b, c):
    """log(exp(a) + exp(b) + exp(c)): the difference in single precision, as its own error stays small."""
    top = max(max(a, b), c)
    return top + f64(log(exp(f32(a - top)) + exp(f32(b - top)) + exp(f32(c - top))))


@kernel(out="loss slopes alpha beta heard jump", double=True)
def ctc(
    p: f32[T, N, C], labels: i64[N, L], length: i64[N], times: i64[N],
    loss: f64[N], slopes: f32[T, N, C], alpha: f64[N, T, V], beta: f64[N, T, V], heard: f32[N, T, U], jump: f64[N, V],
    blank: i64, begin, end,
):  # fmt: skip
    """loss[n] <- -log of the probability of the labels; slopes <- its gradient by what p is the softmax of.

    The rest is scratch: heard[t, u], log p of a state's label; jump[u], 0 where u may follow u - 2.  V is U + 2:
    alpha begins with two states that are never, beta ends with them.
    """
    T, N, C = p.shape
    for n in range(begin, end):
        steps, count = times[n], length[n]
        states, repeats = 2 * count + 1, i64(0)
        for i in range(1, count):
            repeats += 1 if labels[n, i] == labels[n, i - 1] else 0
        fits = count + repeats <= steps
        loss[n] = f64(0)
        for t in range(steps if fits else 0, T):
            for c in range(C):
                slopes[t, n, c] = f32(0)
        if fits:
            for u in range(states + 2):
                differs = u % 2 == 1 and u > 2 and u < states and labels[n, u // 2] != labels[n, u // 2 - 1]
                jump[n, u] = f64(0) if differs else f64(NEVER)
            for t in range(steps):
                for u in range(states):
                    heard[n, t, u] = p[t, n, labels[n, u // 2] if u % 2 == 1 else blank]
                for u in range(states):
                    heard[n, t, u] = log(max(heard[n, t, u], f32(TINY)))
                alpha[n, t, 0], alpha[n, t, 1] = f64(NEVER), f64(NEVER)
                if t == 0:
                    for u in range(states):
                        alpha[n, t, u + 2] = f64(heard[n, t, u]) if u < 2 else f64(NEVER)
                else:
                    for u in range(states):
                        far = alpha[n, t - 1, u] + jump[n, u]
                        came = plus(alpha[n, t - 1, u + 2], alpha[n, t - 1, u + 1], far)
                        alpha[n, t, u + 2] = came + f64(heard[n, t, u])
            total = alpha[n, steps - 1, states + 1]
            if count > 0:
                total = plus(total, alpha[n, steps - 1, states], f64(NEVER))
            loss[n] = -total
            for back in range(steps):
                t = steps - 1 - back
                beta[n, t, states], beta[n, t, states + 1] = f64(NEVER), f64(NEVER)
                if back == 0:
                    for u in range(states):
                        beta[n, t, u] = f64(0) if u >= states - 2 else f64(NEVER)
                else:
                    for u in range(states):
                        far = beta[n, t + 1, u + 2] + jump[n, u + 2]
                        beta[n, t, u] = plus(beta[n, t + 1, u], beta[n, t + 1, u + 1], far)
                for c in range(C):
                    slopes[t, n, c] = p[t, n, c]
                for u in range(states):  # from here on beta has what is heard at t as well
                    says = beta[n, t, u]
                    beta[n, t, u] = says + f64(heard[n, t, u])
                    heard[n, t, u] = exp(f32(alpha[n, t, u + 2] + says - total))
                for u in range(states):
                    slopes[t, n, labels[n, u // 2] if u % 2 == 1 else blank] -= heard[n, t, u]


@kernel(out="times")
def all_times(times: i64[N], steps: i64, begin, end):
    """times <- steps.  One task."""
    for n in range(times.shape[0]):
        times[n] = steps
