"""Depthwise convolution: each channel has a window of its own.  Blocked activations (conv_blocked.py), any window.

A tile is `pixels` neighbouring outputs of one vector of channels.  Weights: [C / W][kh * kw][W].

Bound: L1 loads while the map is in the cache, L2 or L3 for large ones.  For 3 x 3 and 5 x 5 windows of stride 1 and 2
the code is the window: each input is loaded once a row and used for all the outputs it is in ((pixels + 2) loads for
3 * pixels FMAs); other windows, and dilated ones, go by a table of places and load each input for each use.
"""

from functools import cache

from protonet.kernels.blocks import place
from protonet.kernels.conv_blocked import BELOW, activated
from protonet.kernels.jit import address, f32, i64, intrinsic, kernel
from protonet.kernels.simd import BYTES, W

X, P, B, Y, J = "X", "P", "B", "Y", "J"


def tile(size, stride, pixels, act):
    """An intrinsic: one tile of a size x size window; xr: bytes to the next row of inputs."""

    @intrinsic
    def tile(e, x, xr, w, bias, slope, y, lo: f32, hi: f32, count):
        b = e.b
        sums = [e.load(bias)] * pixels
        for i in range(size):
            row = b.add(x, b.mul(xr, e.int(i)))
            weights = [e.load(w, BYTES * (i * size + j)) for j in range(size)]
            for q in range((pixels - 1) * stride + size):
                users = [((q - j) // stride, j) for j in range(size) if (q - j) % stride == 0]
                users = [(p, j) for p, j in users if 0 <= p < pixels]
                if users:
                    value = e.load(row, BYTES * q)
                for p, j in users:
                    sums[p] = e.fma(value, weights[j], sums[p])
        store(e, sums, slope, y, lo, hi, count, act)

    return tile


def any_tile(stride, pixels, act):
    """An intrinsic: the same for any window, its places in a table (bytes from each to the next)."""

    @intrinsic
    def any_tile(e, x, runs, n, w, bias, slope, y, lo: f32, hi: f32, count):
        def place(_, c):
            at, runs, w, *sums = c
            weight = e.load(w)
            sums = [e.fma(e.load(at, BYTES * stride * p), weight, s) for p, s in enumerate(sums)]
            return [e.b.add(at, e.word(runs)), e.at(runs, 8), e.at(w, BYTES), *sums]

        _, _, _, *sums = e.loop(n, [x, runs, w, *[e.load(bias)] * pixels], place)
        store(e, sums, slope, y, lo, hi, count, act)

    return any_tile


def store(e, sums, slope, y, lo, hi, count, act):
    sums = activated(e, sums, [(p, 0) for p in range(len(sums))], slope, lo, hi, act)
    with e.b.if_else(e.b.icmp_signed(">=", count, e.int(len(sums)))) as (whole, part):
        with whole:
            for p, value in enumerate(sums):
                e.store(value, y, BYTES * p)
        with part:
            for p, value in enumerate(sums[:-1]):
                with e.b.if_then(e.b.icmp_signed("<", e.int(p), count)):
                    e.store(value, y, BYTES * p)


@cache
def make(size, stride, pixels, act):
    """size: of a square window that is not dilated, or 0 for any."""
    one = tile(size, stride, pixels, act) if size else any_tile(stride, pixels, act)

    def depthwise(
        x: f32[X], runs: i64[J], w: f32[P], bias: f32[B], slope: f32[B], y: f32[Y],
        images: i64, blocks: i64, rows: i64, columns: i64,
        line: i64, xn: i64, xr: i64, xb: i64, yn: i64, yr: i64, yb: i64, lo: f32, hi: f32, begin, end,
    ):  # fmt: skip
        """y <- activation(x * w + bias).  A task is a row of a block; xr: to the next output's row, line: input's."""
        n, task = runs.shape[0], begin
        while task < end:
            image, c, i = place(task, blocks, rows)
            px, py = address(x, image * xn + c * xb + i * xr), address(y, image * yn + c * yb + i * yr)
            pw, pb, ps = address(w, c * n * W), address(bias, c * W), address(slope, c * W)
            stop = min(end, task + rows - i)
            while task < stop:
                at, to, count = px, py, columns
                while count > 0:
                    if size:
                        one(at, 4 * line, pw, pb, ps, to, lo, hi, count)
                    else:
                        one(at, address(runs, 0), n, pw, pb, ps, to, lo, hi, count)
                    at += BYTES * stride * pixels
                    to += BYTES * pixels
                    count -= pixels
                px += 4 * xr
                py += 4 * yr
                task += 1

    depthwise.__name__ = f"depthwise_{size}_{stride}_{pixels}_{act}"
    return kernel(depthwise)


def depthwise(size, stride, pixels, act=BELOW):
    """The kernel for windows of size x size (0: any, by the table), in tiles of so many pixels."""
    return make(size, stride, pixels, act)


def named(wanted):
    """The kernel of this name, for processes that compile."""
    *numbers, act = wanted.rpartition(".")[2].removeprefix("depthwise_").split("_")
    size, stride, pixels = map(int, numbers)
    return depthwise(size, stride, pixels, act)
