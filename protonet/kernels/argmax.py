"""The K largest along the middle axis of x (O, C, S), largest first, of equal ones the last first.

A task is as in softmax: BLOCK positions s of one o.

y is (O, R, S): places are written from row `places` on, values from row `values` on; -1: they are not asked for.
"""

from protonet.kernels.jit import f32, i64, kernel
from protonet.kernels.softmax import BLOCK

O, C, S, R = "OCSR"


@kernel(out="y")
def argmax(x: f32[O, C, S], y: f32[O, R, S], K: i64, places: i64, values: i64, begin, end):
    _, C, S = x.shape
    blocks = (S + BLOCK - 1) // BLOCK
    for task in range(begin, end):
        o, first = task // blocks, task % blocks * BLOCK
        for s in range(first, min(first + BLOCK, S)):
            last, at = x[o, 0, s], C
            for k in range(K):
                best, where = x[o, 0, s], i64(-1)
                for c in range(C):
                    v = x[o, c, s]
                    fresh = at == C or v < last or (v == last and c < at)
                    if fresh and (where < 0 or v >= best or best != best):
                        best, where = v, c
                last, at = best, where
                if places >= 0:
                    y[o, places + k, s] = f32(where)
                if values >= 0:
                    y[o, values + k, s] = best
