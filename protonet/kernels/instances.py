"""The loss of each instance, as mining wants it: of x (O, C, S), one for each (o, s).  A task is an o."""

import math

from protonet.kernels.jit import f32, i64, kernel
from protonet.kernels.labels import class_of
from protonet.kernels.softmax import TINY

O, C, S = "OCS"


@kernel(out="y")
def log_losses(p: f32[O, C, S], label: f32[O, S], y: f32[O, S], ignore: i64, begin, end):
    """y <- -log p at the label; 0 where the label does not count."""
    for o in range(begin, end):
        for s in range(p.shape[2]):
            k = class_of(label[o, s], p.shape[1], ignore)
            y[o, s] = -math.log(max(p[o, k, s], TINY)) if k >= 0 else f32(0)


@kernel(out="y")
def smooth_l1_losses(a: f32[O, C, S], b: f32[O, C, S], w: f32[O, C, S], y: f32[O, S], weighted: i64, begin, end):
    """y <- the sum over c of the smooth L1 loss of w * (a - b), or of a - b."""
    for o in range(begin, end):
        for s in range(a.shape[2]):
            y[o, s] = 0.0
        for c in range(a.shape[1]):
            for s in range(a.shape[2]):
                u = abs(a[o, c, s] - b[o, c, s])
                u *= abs(w[o, c, s]) if weighted else 1.0
                y[o, s] += 0.5 * u * u if u < 1.0 else u - 0.5
