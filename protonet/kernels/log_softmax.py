"""The log of softmax over the classes of x (O, C, S): x less the log of the sum of exp(x).  Tasks are softmax.py's."""

from protonet.kernels.exp import exp
from protonet.kernels.jit import address, f32, kernel
from protonet.kernels.log import log
from protonet.kernels.softmax import BLOCK, FEW
from protonet.kernels.softmax_row import softmax_rows

O, C, S = "OCS"
one_row, four_rows = softmax_rows(1, logs=True), softmax_rows(4, logs=True)


@kernel(y="x", out="y top total")
def log_softmax(
    x: f32[O, C, S], y: f32[O, C, S], top: f32[O, S], total: f32[O, S], least: f32, begin, end
):  # fmt: skip
    """y <- x - log(sum of exp(x) over c), but never less than `least`; top and total are scratch."""
    O, C, S = x.shape
    if S == 1:
        o = begin
        while o + 4 <= end and C <= FEW:
            four_rows(address(x, (o, 0, 0)), address(y, (o, 0, 0)), C, least)
            o += 4
        while o < end:
            one_row(address(x, (o, 0, 0)), address(y, (o, 0, 0)), C, least)
            o += 1
        return
    blocks = (S + BLOCK - 1) // BLOCK
    for task in range(begin, end if C > 0 else begin):
        o, first = task // blocks, task % blocks * BLOCK
        last = min(first + BLOCK, S)
        for s in range(first, last):
            top[o, s] = x[o, 0, s]
            total[o, s] = 0.0
        for c in range(1, C):
            for s in range(first, last):
                top[o, s] = max(top[o, s], x[o, c, s])
        for c in range(C):
            for s in range(first, last):
                total[o, s] += exp(x[o, c, s] - top[o, s])
        for s in range(first, last):
            top[o, s] += log(total[o, s])
        for c in range(C):
            for s in range(first, last):
                y[o, c, s] = max(x[o, c, s] - top[o, s], least)
