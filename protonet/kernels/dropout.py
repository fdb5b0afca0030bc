"""Zero numbers at random: M of them, a task is CHUNK.  The mask is kept for the gradient, one byte a number."""

from protonet.kernels.jit import f32, i64, kernel, u8
from protonet.kernels.philox import CHUNK, draw, lane

M = "M"


def tasks(count):
    return -(-count // CHUNK)


@kernel(y="x", out="y mask")
def dropout(x: f32[M], y: f32[M], mask: u8[M], random: i64[2], stream: i64, threshold: i64, factor: f32, begin, end):
    """mask <- 1 where a random word is at least `threshold`, else 0; y <- factor * x where it is 1, else 0."""
    first, last = begin * CHUNK, min(end * CHUNK, y.shape[0])
    whole = last // 4 * 4
    for i in range(first, whole, 4):
        a, b, c, d = draw(random[0], stream, random[1], i // 4)
        mask[i] = u8(1) if a >= threshold else u8(0)
        mask[i + 1] = u8(1) if b >= threshold else u8(0)
        mask[i + 2] = u8(1) if c >= threshold else u8(0)
        mask[i + 3] = u8(1) if d >= threshold else u8(0)
    if whole < last:
        words = draw(random[0], stream, random[1], whole // 4)
        for i in range(whole, last):
            mask[i] = u8(1) if lane(words, i - whole) >= threshold else u8(0)
    for i in range(first, last):
        y[i] = factor * x[i] if mask[i] != u8(0) else 0.0


@kernel(y="x", out="y")
def masked(x: f32[M], mask: u8[M], y: f32[M], factor: f32, begin, end):
    """y <- factor * x where mask, else 0."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = factor * x[i] if mask[i] != u8(0) else 0.0


@kernel(y="x", out="y")
def factors(x: f32[M], y: f32[M], ratio: f32, factor: f32, begin, end):
    """y <- factor where the draw x from [0, 1) is at least `ratio`, else 0."""
    for i in range(begin * CHUNK, min(end * CHUNK, y.shape[0])):
        y[i] = factor if x[i] >= ratio else 0.0
