"""The K largest along the middle axis of x (O, C, S), largest first, of equal ones the last first.

A task is as in softmax: BLOCK positions s of one o.

y is (O, R, S): places are written from row `places` on, values from row `values` on; -1: they are not asked for.
"""

from protonet.kernels.bits import maximum
from protonet.kernels.jit import f32, i64, inline, kernel
from protonet.kernels.memory import get, put
from protonet.kernels.softmax import BLOCK

O, C, S, R = "OCSR"


@kernel(out="y work")
def largest(x: f32[O, C, S], y: f32[O, R, S], work: f32[O, S], places: i64, values: i64, begin, end):
    """The same for K = 1, in vectors: along a row the largest first and then, from behind, where it is."""
    _, C, S = x.shape
    blocks = (S + BLOCK - 1) // BLOCK
    for task in range(begin, end):
        o, first = task // blocks, task % blocks * BLOCK
        last = min(first + BLOCK, S)
        if S == 1:
            best, where = x[o, 0, 0], C - 1
            for c in range(C):
                best = maximum(best, x[o, c, 0])
            if best != best:  # there is a NaN, which is less than all
                for c in range(C):
                    best = x[o, c, 0] if x[o, c, 0] >= best or best != best else best
            while where > 0 and x[o, where, 0] != best:
                where -= 1
            work[o, 0] = best
            if places >= 0:
                y[o, places, 0] = f32(where if best == best else C - 1)
        else:
            for s in range(first, last):
                work[o, s] = x[o, 0, s]
            if places >= 0:
                for s in range(first, last):
                    y[o, places, s] = 0.0
                for c in range(1, C):
                    for s in range(first, last):
                        better = x[o, c, s] >= work[o, s] or work[o, s] != work[o, s]
                        y[o, places, s] = f32(c) if better else y[o, places, s]
                        work[o, s] = x[o, c, s] if better else work[o, s]
            else:
                for c in range(1, C):
                    for s in range(first, last):
                        better = x[o, c, s] >= work[o, s] or work[o, s] != work[o, s]
                        work[o, s] = x[o, c, s] if better else work[o, s]
        if values >= 0:
            for s in range(first, last):
                y[o, values, s] = work[o, s]


@inline
def above(a, b):
    """Whether a, which came first, stays above b."""
    return a > b or (b != b and a == a)


def private(K):
    """Bytes of memory of its own that argmax takes."""
    return 8 * K


@kernel(out="y")
def argmax(x: f32[O, C, S], y: f32[O, R, S], K: i64, places: i64, values: i64, begin, end, memory):
    """K are kept in order; most numbers are below the last of them, and cost one comparison."""
    _, C, S = x.shape
    blocks, which = (S + BLOCK - 1) // BLOCK, memory + 4 * K
    for task in range(begin, end):
        o, first = task // blocks, task % blocks * BLOCK
        for s in range(first, min(first + BLOCK, S)):
            for c in range(C):
                v = x[o, c, s]
                k = min(c, K)
                if k < K or not above(get(memory + 4 * (K - 1)), v):
                    k = min(k, K - 1)
                    while k > 0 and not above(get(memory + 4 * (k - 1)), v):
                        put(memory + 4 * k, get(memory + 4 * (k - 1)))
                        put(which + 4 * k, get(which + 4 * (k - 1)))
                        k -= 1
                    put(memory + 4 * k, v)
                    put(which + 4 * k, f32(c))
            for k in range(K):
                if places >= 0:
                    y[o, places + k, s] = get(which + 4 * k)
                if values >= 0:
                    y[o, values + k, s] = get(memory + 4 * k)
