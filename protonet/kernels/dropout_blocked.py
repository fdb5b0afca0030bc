"""Dropout of blocked activations (conv_blocked.py), with the very draws that dropout.py makes of the plain ones.

`draw` makes the mask in the order of (N, C, H, W), a byte a number; `masked` reads it lane by lane, and both passes use
it.  Bound: the draws.
"""

from protonet.kernels.blocks import place
from protonet.kernels.jit import address, f32, i64, inline, intrinsic, kernel, u8
from protonet.kernels.memory import put, stack
from protonet.kernels.philox import CHUNK, draw, lane
from protonet.kernels.simd import BYTES, W

X, Y, M, N, C, H, V = "X", "Y", "M", "N", "C", "H", "V"
SOME = 64  # pixels done at a time


@inline
def bit(word, threshold):
    return u8(1) if word >= threshold else u8(0)


@kernel(out="mask")
def drawn(mask: u8[M], random: i64[2], stream: i64, threshold: i64, begin, end):
    """mask <- 1 where a random word is at least `threshold`, else 0.  A task is CHUNK numbers."""
    first, last = begin * CHUNK, min(end * CHUNK, mask.shape[0])
    whole = last // 4 * 4
    for i in range(first, whole, 4):
        a, b, c, d = draw(random[0], stream, random[1], i // 4)
        mask[i], mask[i + 1] = bit(a, threshold), bit(b, threshold)
        mask[i + 2], mask[i + 3] = bit(c, threshold), bit(d, threshold)
    if whole < last:
        words = draw(random[0], stream, random[1], whole // 4)
        for i in range(whole, last):
            mask[i] = bit(lane(words, i - whole), threshold)


@intrinsic
def multiplied(e, x, factors, y, n):
    def one(_, c):
        at, by, to = c
        v, factor = e.load(at), e.load(by)
        e.store(e.b.select(e.b.fcmp_ordered("!=", factor, e.const(0)), e.b.fmul(v, factor), e.const(0)), to)
        return [e.at(at, BYTES), e.at(by, BYTES), e.at(to, BYTES)]

    e.loop(n, [x, factors, y], one)


factors = stack(SOME * BYTES)


@kernel(out="y", y="x")
def masked(
    x: f32[X], mask: u8[N, C, H, V], y: f32[Y], factor: f32, xn: i64, xr: i64, xb: i64, yn: i64, yr: i64, yb: i64,
    begin, end,
):  # fmt: skip
    """y <- factor * x where mask, else 0, as past the last channel.  A task is a row of a block."""
    N, C, H, V = mask.shape
    blocks, of = (C + W - 1) // W, factors()
    for task in range(begin, end):
        image, c, i = place(task, blocks, H)
        at, to, j = address(x, image * xn + c * xb + i * xr), address(y, image * yn + c * yb + i * yr), i64(0)
        while j < V:
            n = min(SOME, V - j)
            for l in range(W):
                for k in range(n):
                    there = c * W + l < C
                    put(
                        of + k * BYTES + 4 * l,
                        factor if there and mask[image, c * W + l, i, j + k] != u8(0) else f32(0),
                    )
            multiplied(at + j * BYTES, of, to + j * BYTES, n)
            j += n
