"""Losses: each leaves partial sums, in float64, which `total` adds in their order.  Shapes: N images of A numbers."""

import math

from protonet.kernels.exp import exp
from protonet.kernels.jit import f32, f64, i32, i64, kernel
from protonet.kernels.labels import class_of
from protonet.kernels.log import log, log1p
from protonet.kernels.pointwise import CHUNK
from protonet.kernels.softmax import BLOCK

N, A, M, T, O, C, S, K = "NAMTOCSK"


@kernel(out="loss")
def total(sums: f64[T], loss: f32[1], factor: f32, begin, end):
    """loss <- factor * the sum of sums.  One task."""
    value = f64(0)
    for t in range(sums.shape[0]):
        value += sums[t]
    loss[0] = f32(value * f64(factor))


@kernel(dx="x", out="dx")
def times_loss(x: f32[M], dloss: f32[1], dx: f32[M], factor: f32, begin, end):
    """dx <- factor * dloss * x.  A task is CHUNK numbers."""
    scale = factor * dloss[0]
    for i in range(begin * CHUNK, min(end * CHUNK, dx.shape[0])):
        dx[i] = scale * x[i]


@kernel(out="m sums")
def hinge(x: f32[N, A], label: f32[N], m: f32[N, A], sums: f64[N], squared: i64, ignore: i64, begin, end):
    """sums[n] <- the sum of max(0, 1 + x), at the label max(0, 1 - x), or of their squares; m <- its derivative."""
    A = x.shape[1]
    for n in range(begin, end):
        k = class_of(label[n], A, ignore)
        part = f64(0)
        for a in range(A):
            sign = -1.0 if a == k else 1.0
            margin = max(1.0 + sign * x[n, a], 0.0)
            if squared != 0:
                part += f64(margin * margin)
                m[n, a] = 2.0 * sign * margin
            else:
                part += f64(margin)
                m[n, a] = sign if margin > 0.0 else 0.0
        sums[n] = part


@kernel(out="sums")
def multinomial(p: f32[N, A], label: f32[N], sums: f64[N], least: f32, ignore: i64, begin, end):
    """sums[n] <- -log of p at the label, or of `least` if that is more.  A task is an image."""
    A = p.shape[1]
    for n in range(begin, end):
        k = class_of(label[n], A, ignore)
        sums[n] = f64(-math.log(max(p[n, k], least))) if k >= 0 else f64(0)


@kernel(out="dp")
def multinomial_grad(p: f32[N, A], label: f32[N], dloss: f32[1], dp: f32[N, A], least: f32, ignore: i64, begin, end):
    N, A = p.shape
    for n in range(begin, end):
        k = class_of(label[n], A, ignore)
        for a in range(A):
            dp[n, a] = 0.0
        if k >= 0:
            dp[n, k] = -dloss[0] / (f32(N) * max(p[n, k], least))


@kernel(out="d sums count")
def sigmoid_cross_entropy(
    x: f32[M], target: f32[M], d: f32[M], sums: f64[T], count: f64[T], ignored: i64, ignore: f32, begin, end
):
    """d <- sigmoid(x) - target, sums[task] <- the loss; 0 and not counted where target, truncated, is `ignore`."""
    for task in range(begin, end):
        part, n = f64(0), f64(0)
        for i in range(task * CHUNK, min(task * CHUNK + CHUNK, d.shape[0])):
            t = target[i]
            # truncated as an int is, without making one of NaN
            away = abs(t - ignore)
            same = ignored != 0 and away < 1.0 and (abs(t) >= abs(ignore) or ignore == 0.0)
            e = exp(-abs(x[i]))
            loss = max(x[i], 0.0) - x[i] * t + log1p(e)
            part += f64(0.0 if same else loss)
            n += f64(0) if same else f64(1)
            p = (1.0 if x[i] > 0.0 else e) / (1.0 + e)  # sigmoid(x)
            d[i] = 0.0 if same else p - t
        sums[task], count[task] = part, n


@kernel(dx="d", out="dx")
def over_norm(d: f32[M], norm: f32[1], dloss: f32[1], dx: f32[M], begin, end):
    """dx <- d * dloss / norm."""
    scale = dloss[0] / norm[0]
    for i in range(begin * CHUNK, min(end * CHUNK, dx.shape[0])):
        dx[i] = scale * d[i]


@kernel(out="classes")
def classes(label: f32[M], classes: i32[M], count: i64, ignore: i64, begin, end):
    """The class of each label, -1 where it does not count.  A task is CHUNK of them."""
    for i in range(begin * CHUNK, min(end * CHUNK, label.shape[0])):
        classes[i] = i32(class_of(label[i], count, ignore))


@kernel(out="sums count")
def infogain(
    p: f32[O, C, S], classes: i32[O, S], h: f32[C, C], sums: f64[T], count: f64[T], least: f32, begin, end
):  # fmt: skip
    """sums[task] <- -sum of h[label, c] * log p[c] over c and the labels that count; tasks are those of softmax."""
    _, C, S = p.shape
    blocks = (S + BLOCK - 1) // BLOCK
    for task in range(begin, end):
        o, first = task // blocks, task % blocks * BLOCK
        last = min(first + BLOCK, S)
        part, n = f64(0), f64(0)
        for s in range(first, last):
            n += f64(1) if classes[o, s] >= 0 else f64(0)
        for c in range(C):
            for s in range(first, last):
                k = classes[o, s]
                gain = h[max(k, i32(0)), c] * log(max(p[o, c, s], least))
                part -= f64(gain if k >= 0 else f32(0))
        sums[task], count[task] = part, n


@kernel(out="dx")
def infogain_grad(
    p: f32[O, C, S], classes: i32[O, S], h: f32[C, C], totals: f32[C], norm: f32[1], dloss: f32[1], dx: f32[O, C, S],
    begin, end,
):  # fmt: skip
    """dx <- (p * the sum of h[label] - h[label]) * dloss / norm; 0 where the label does not count."""
    _, C, S = p.shape
    scale = dloss[0] / norm[0]
    blocks = (S + BLOCK - 1) // BLOCK
    for task in range(begin, end):
        o, first = task // blocks, task % blocks * BLOCK
        for c in range(C):
            for s in range(first, min(first + BLOCK, S)):
                k = classes[o, s]
                at = max(k, i32(0))
                slope = scale * (totals[at] * p[o, c, s] - h[at, c])
                dx[o, c, s] = slope if k >= 0 else 0.0
