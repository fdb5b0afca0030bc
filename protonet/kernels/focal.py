"""Focal loss of probabilities p (O, C, S), tasks as in softmax.py."""

import math

from protonet.kernels.jit import f32, f64, i64, kernel
from protonet.kernels.labels import class_of
from protonet.kernels.softmax import BLOCK, TINY

O, C, S, T = "OCST"


@kernel(out="slope loss count")
def focal_loss(
    p: f32[O, C, S], label: f32[O, S], slope: f32[O, S], loss: f64[T], count: f64[T],
    alpha: f32, gamma: f32, ignore: i64, begin, end,
):  # fmt: skip
    """loss[task] <- the sum of -alpha * (1 - p) ** gamma * log p at the labels that count, count[task] how many.

    slope <- what (p - one at the label) is multiplied with in the gradient.
    """
    O, C, S = p.shape
    blocks = (S + BLOCK - 1) // BLOCK
    for task in range(begin, end):
        o, first = task // blocks, task % blocks * BLOCK
        total, n = f64(0), f64(0)
        for s in range(first, min(first + BLOCK, S)):
            k = class_of(label[o, s], C, ignore)
            slope[o, s] = 0.0
            if k >= 0:
                q = p[o, k, s]
                left = max(1.0 - q, TINY)
                power, logarithm = f32(math.pow(left, gamma)), f32(math.log(max(q, TINY)))
                total -= f64(alpha * power * logarithm)
                slope[o, s] = alpha * power * (1.0 - gamma * q * logarithm / left)
                n += 1
        loss[task], count[task] = total, n


@kernel(out="dx")
def focal_loss_grad(
    p: f32[O, C, S], label: f32[O, S], slope: f32[O, S], norm: f32[1], dloss: f32[1], dx: f32[O, C, S],
    ignore: i64, begin, end,
):  # fmt: skip
    """dx <- slope * (p - one at the label) * dloss / norm."""
    O, C, S = p.shape
    factor = dloss[0] / norm[0]
    blocks = (S + BLOCK - 1) // BLOCK
    for task in range(begin, end):
        o, first = task // blocks, task % blocks * BLOCK
        last = min(first + BLOCK, S)
        for c in range(C):
            for s in range(first, last):
                dx[o, c, s] = factor * slope[o, s] * p[o, c, s]
        for s in range(first, last):
            k = class_of(label[o, s], C, ignore)
            if k >= 0:
                dx[o, k, s] -= factor * slope[o, s]
