"""Weights as the tiles of conv_blocked.py and winograd.py read them, packed in each step of a training.

    plain      w[G][K][C][T]                  as Caffe keeps them; T places of the window
    direct     [G][K / W][C / W][T][W in][W out]       zeros where K and C do not fill a vector
    turned     [G][C / W][K / W][T, last first][W out][W in]      for the convolution that the data's gradient is; with
               strides, it is several, each with some of the taps
    transform  either of them, T = r * r -> [.. / W][planes][.. / W][W][W]      G w G', in registers

Bound: memory.  Squares of W x W numbers are turned over in registers.
"""

from functools import cache

from protonet.kernels.blocks import gather
from protonet.kernels.jit import address, f32, i64, intrinsic, kernel
from protonet.kernels.memory import fill, stack
from protonet.kernels.simd import BYTES, W
from protonet.kernels.winograd_forms import FORMS, matrix, planes

G, K, C, T, A, D, Q = "G", "K", "C", "T", "A", "D", "Q"
square = stack(W * BYTES)


@intrinsic
def put(e, source, to):
    e.store(e.load(source), to)


@kernel(out="a")
def direct(w: f32[G, K, Q], a: f32[A], T: i64, lanes: i64, begin, end):
    """a[g][K / W][C / lanes][T][lanes][W] <- w, Q = C * T.  A task is a vector of outputs of a group."""
    G, K, Q = w.shape
    vecs, runs = (K + W - 1) // W, (Q // T + lanes - 1) // lanes
    away = square()
    for task in range(begin, end):
        g = task // vecs
        k = (task - g * vecs) * W
        out = address(a, task * runs * lanes * T * W)
        if Q < runs * lanes * T:
            last = (runs - 1) * lanes * T * W
            fill(out + 4 * last, f32(0), lanes * T * W)
        c, t, q = i64(0), i64(0), i64(0)
        while q < Q:
            count = min(W, Q - q)
            gather(address(w, (g, k, q)), 4 * Q, away, K - k, count)
            for j in range(count):
                run = c // lanes
                put(away + j * BYTES, out + ((run * T + t) * lanes + c - run * lanes) * BYTES)
                t += 1
                if t == T:
                    t = 0
                    c += 1
            q += W


@kernel(out="a")
def turned(w: f32[G, K, C, T], places: i64[T, 3], a: f32[A], begin, end):
    """a[g][C / W][K / W][tap][W of K][W of C] <- w.  A task is a vector of channels of a group.

    places: for each place of the window, where the array begins whose tap it is, how many taps that has, and which one
    it is: all taps of one array, last first, or, of several, those that are convolutions of their own.
    """
    G, K, C, T = w.shape
    vecs, runs = (C + W - 1) // W, (K + W - 1) // W
    away = square()
    for task in range(begin, end):
        g = task // vecs
        c = (task - g * vecs) * W
        for t in range(T if K < runs * W else 0):
            taps = places[t, 1]
            last = ((task * runs + runs - 1) * taps + places[t, 2]) * W + K - (runs - 1) * W
            fill(address(a, places[t, 0] + last * W), f32(0), (runs * W - K) * W)
        for k in range(K):
            run = task * runs + k // W
            lane = k - k // W * W
            t = i64(0)
            while t < T:
                count = min(W, T - t)
                if T == 1 and C - c >= W:
                    put(address(w, (g, k, c, 0)), address(a, places[0, 0] + (run * W + lane) * W))
                else:
                    gather(address(w, (g, k, c, t)), 4 * T, away, C - c, count)
                    for j in range(count):
                        tap = run * places[t + j, 1] + places[t + j, 2]
                        put(away + j * BYTES, address(a, places[t + j, 0] + (tap * W + lane) * W))
                t += W


def apply(e, rows, d):
    """Each row of a matrix times the vectors d; zeros cost nothing."""
    found = []
    for row in rows:
        total = None
        for factor, v in zip(row, d, strict=True):
            if factor and total is None:
                total = v if factor == 1 else e.b.fmul(e.const(factor), v)
            elif factor:
                total = e.b.fadd(total, v) if factor == 1 else e.fma(e.const(factor), v, total)
        found.append(total)
    return found


def transformer(form):
    """An intrinsic: r x r vectors, `step` bytes apart, to n x n, `plane` bytes apart."""
    rows, r = matrix(form), form[1]

    @intrinsic
    def transform(e, w, step, u, plane):
        b = e.b
        w = [[e.load(b.add(w, b.mul(step, e.int(i * r + j)))) for j in range(r)] for i in range(r)]
        half = [apply(e, rows, line) for line in w]  # [i][b]
        whole = [apply(e, rows, [line[k] for line in half]) for k in range(len(rows))]  # [b][a]
        for k, column in enumerate(whole):
            for a, v in enumerate(column):
                e.store(v, b.add(u, b.mul(plane, e.int(a * len(rows) + k))))

    return transform


@cache
def make(form):
    one, count, T_ = transformer(form), planes(form), form[1] ** 2

    def transform(a: f32[A], u: f32[D], runs: i64, begin, end):
        """u[vector][plane][run][W][W] <- a[vector][run][T][W][W].  A task is a vector."""
        for task in range(begin, end):
            for run in range(runs):
                at = address(a, (task * runs + run) * T_ * W * W)
                to = address(u, (task * count * runs + run) * W * W)
                for l in range(W):
                    one(at + l * BYTES, W * BYTES, to + l * BYTES, runs * W * BYTES)

    transform.__name__ = "transform_weights_{}_{}".format(*form)
    return kernel(transform, out="u")


TRANSFORM = {form: make(form) for form in FORMS}
