"""Solver updates: from a gradient to a new weight, one pass over memory, which is what bounds them.

    g  = now[SCALE] * dw + decay * w  (+ decay1 * sign(w))      the gradient, clipped, averaged, regularised
    dw <- the step that is taken,  w <- w - dw                   so that `diff` shows the step, as in Caffe

now holds what changes from one iteration to the next: [rate, scale of the gradient, Adam's correction].  `mult` is
the parameter's lr_mult.  A task is CHUNK numbers.  Sources: Nesterov 1983 in Sutskever's form, Duchi et al. 2011
(AdaGrad), Tieleman & Hinton (RMSProp), arXiv:1212.5701 (AdaDelta), arXiv:1412.6980 (Adam); Caffe's *_solver.cpp for
where eps stands.
"""

import math

from protonet.kernels.jit import f32, f64, inline, kernel

M, T = "MT"
CHUNK = 4096


def tasks(count):
    return max(1, -(-count // CHUNK))


@inline
def gradient(w, dw, scale, decay, decay1):
    sign = 1.0 if w > 0.0 else (-1.0 if w < 0.0 else 0.0)
    return scale * dw + decay * w + decay1 * sign


@kernel(out="w dw h")
def sgd(
    w: f32[M],
    dw: f32[M],
    h: f32[M],
    now: f32[3],
    mult: f32,
    decay: f32,
    decay1: f32,
    momentum: f32,
    begin,
    end,
):
    """h <- momentum * h + rate * g; the step is h."""
    rate, scale = now[0] * mult, now[1]
    for i in range(begin * CHUNK, min(end * CHUNK, w.shape[0])):
        step = momentum * h[i] + rate * gradient(w[i], dw[i], scale, decay, decay1)
        h[i] = step
        dw[i] = step
        w[i] -= step


@kernel(out="w dw h")
def nesterov(
    w: f32[M],
    dw: f32[M],
    h: f32[M],
    now: f32[3],
    mult: f32,
    decay: f32,
    decay1: f32,
    momentum: f32,
    begin,
    end,
):
    """h' <- momentum * h + rate * g; the step is (1 + momentum) * h' - momentum * h."""
    rate, scale = now[0] * mult, now[1]
    for i in range(begin * CHUNK, min(end * CHUNK, w.shape[0])):
        before = h[i]
        after = momentum * before + rate * gradient(w[i], dw[i], scale, decay, decay1)
        step = (1.0 + momentum) * after - momentum * before
        h[i] = after
        dw[i] = step
        w[i] -= step


@kernel(out="w dw h")
def adagrad(w: f32[M], dw: f32[M], h: f32[M], now: f32[3], mult: f32, decay: f32, decay1: f32, delta: f32, begin, end):
    """h <- h + g^2; the step is rate * g / (sqrt(h) + delta)."""
    rate, scale = now[0] * mult, now[1]
    for i in range(begin * CHUNK, min(end * CHUNK, w.shape[0])):
        g = gradient(w[i], dw[i], scale, decay, decay1)
        square = h[i] + g * g
        step = rate * g / (math.sqrt(square) + delta)
        h[i] = square
        dw[i] = step
        w[i] -= step


@kernel(out="w dw h")
def rmsprop(
    w: f32[M],
    dw: f32[M],
    h: f32[M],
    now: f32[3],
    mult: f32,
    decay: f32,
    decay1: f32,
    rms: f32,
    delta: f32,
    begin,
    end,
):
    """h <- rms * h + (1 - rms) * g^2; the step is rate * g / (sqrt(h) + delta)."""
    rate, scale = now[0] * mult, now[1]
    for i in range(begin * CHUNK, min(end * CHUNK, w.shape[0])):
        g = gradient(w[i], dw[i], scale, decay, decay1)
        square = rms * h[i] + (1.0 - rms) * (g * g)
        step = rate * g / (math.sqrt(square) + delta)
        h[i] = square
        dw[i] = step
        w[i] -= step


@kernel(out="w dw h u")
def adadelta(
    w: f32[M], dw: f32[M], h: f32[M], u: f32[M], now: f32[3], mult: f32, decay: f32, decay1: f32, momentum: f32,
    delta: f32, begin, end,
):  # fmt: skip
    """h averages g^2, u the squares of unrated steps; the step is rate * g * sqrt((u + delta) / (h + delta))."""
    rate, scale = now[0] * mult, now[1]
    for i in range(begin * CHUNK, min(end * CHUNK, w.shape[0])):
        g = gradient(w[i], dw[i], scale, decay, decay1)
        square = momentum * h[i] + (1.0 - momentum) * (g * g)
        step = g * math.sqrt((u[i] + delta) / (square + delta))
        h[i] = square
        u[i] = momentum * u[i] + (1.0 - momentum) * (step * step)
        step *= rate
        dw[i] = step
        w[i] -= step


@kernel(out="w dw h v")
def adam(
    w: f32[M], dw: f32[M], h: f32[M], v: f32[M], now: f32[3], mult: f32, decay: f32, decay1: f32, beta1: f32,
    beta2: f32, delta: f32, begin, end,
):  # fmt: skip
    """h, v average g and g^2; the step is rate * correction * h / (sqrt(v) + delta)."""
    rate, scale = now[0] * mult * now[2], now[1]
    for i in range(begin * CHUNK, min(end * CHUNK, w.shape[0])):
        g = gradient(w[i], dw[i], scale, decay, decay1)
        mean = beta1 * h[i] + (1.0 - beta1) * g
        square = beta2 * v[i] + (1.0 - beta2) * (g * g)
        step = rate * mean / (math.sqrt(square) + delta)
        h[i] = mean
        v[i] = square
        dw[i] = step
        w[i] -= step


@kernel(out="partial")
def sum_squares(x: f32[M], partial: f64[T], begin, end):
    """partial[t] <- the sum of squares of chunk t: added up in order, it is the same for any number of threads."""
    for t in range(begin, end):
        total = f64(0)
        for i in range(t * CHUNK, min(t * CHUNK + CHUNK, x.shape[0])):
            total += f64(x[i]) * f64(x[i])
        partial[t] = total
