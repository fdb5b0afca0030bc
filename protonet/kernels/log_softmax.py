"""The log of softmax over the classes of x (O, C, S): x less the log of the sum of exp(x).  Tasks are softmax.py's."""

from protonet.kernels.exp import exp
from protonet.kernels.jit import f32, kernel
from protonet.kernels.log import log
from protonet.kernels.softmax import BLOCK, tops
from protonet.kernels.softmax_row import rows_of

O, C, S = "OCS"
rows = rows_of(logs=True)


@kernel(y="x", out="y top total")
def log_softmax(
    x: f32[O, C, S], y: f32[O, C, S], top: f32[O, S], total: f32[O, S], least: f32, begin, end
):  # fmt: skip
    """y <- x - log(sum of exp(x) over c), but never less than `least`; top and total are scratch."""
    O, C, S = x.shape
    if S == 1:
        rows(x, y, C, least, begin, end)
        return
    blocks = (S + BLOCK - 1) // BLOCK
    for task in range(begin, end if C > 0 else begin):
        o, first = task // blocks, task % blocks * BLOCK
        last = min(first + BLOCK, S)
        tops(x, top, o, C, first, last)
        for s in range(first, last):
            total[o, s] = 0.0
        for c in range(C):
            for s in range(first, last):
                total[o, s] += exp(x[o, c, s] - top[o, s])
        for s in range(first, last):
            top[o, s] += log(total[o, s])
        for c in range(C):
            for s in range(first, last):
                y[o, c, s] = max(x[o, c, s] - top[o, s], least)
