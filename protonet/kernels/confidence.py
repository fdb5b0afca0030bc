"""The loss of confidences by labels, row by row: -log softmax, or sigmoid cross entropy.  A task is CHUNK rows."""

import math

from protonet.kernels.exp import exp
from protonet.kernels.jit import f32, i64, kernel

C, M = "CM"
CHUNK = 64
TINY = 1.17549435e-38  # the smallest normal float32: nothing less is taken the logarithm of


def tasks(M):
    return -(-M // CHUNK)


@kernel(out="loss slopes")
def confidence_loss(
    x: f32[M, C], label: i64[M], loss: f32[M], slopes: f32[M, C], logistic: i64, begin, end
):  # fmt: skip
    """loss[m] <- that of x[m] by label[m], slopes[m] <- its gradient; a label that is no class counts for none."""
    M, C = x.shape
    for m in range(begin * CHUNK, min(end * CHUNK, M)):
        k = label[m] if label[m] < C else i64(-1)
        if logistic:
            total = f32(0)
            for c in range(C):
                v = x[m, c]
                e = exp(-abs(v))
                total += max(v, 0.0) + math.log1p(e)
                slopes[m, c] = 1.0 / (1.0 + e) if v >= 0.0 else e / (1.0 + e)
            loss[m] = total
            if k >= 0:
                loss[m] -= x[m, k]
                slopes[m, k] -= 1.0
        else:
            top = x[m, 0]
            for c in range(C):
                top = max(top, x[m, c])
            total = f32(0)
            for c in range(C):
                e = exp(x[m, c] - top)
                slopes[m, c] = e
                total += e
            for c in range(C):
                slopes[m, c] /= total
            loss[m] = f32(0)
            if k >= 0:
                loss[m] = -math.log(max(slopes[m, k], TINY))
                slopes[m, k] -= 1.0
