"""Philox4x32-10: random numbers by counting.  Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".

A draw is a function of (seed, stream, iteration, index), so it depends neither on threads nor on what was drawn before.
`random` is Emit.random (seed, iteration), `stream` is Emit.stream.  A call of `draw` gives four words, for elements
4 * block to 4 * block + 3: write loops over blocks, as fill_uniform does.  runtime/random.py gives the same in numpy.
"""

from protonet.kernels.jit import f32, i64, inline, kernel

M = "M"
CHUNK = 4096  # numbers a task, a multiple of 4
LOW = 0xFFFFFFFF


@inline
def round_(a, b, c, d, k0, k1):
    p, q = a * 0xD2511F53, c * 0xCD9E8D57
    return ((q >> 32) & LOW) ^ b ^ k0, q & LOW, ((p >> 32) & LOW) ^ d ^ k1, p & LOW


@inline
def philox(a, b, c, d, k0, k1):
    """Four words of 32 bits (in int64) from four words of counter and two of key."""
    a, b, c, d = round_(a, b, c, d, k0, k1)
    for _ in range(9):
        k0, k1 = (k0 + 0x9E3779B9) & LOW, (k1 + 0xBB67AE85) & LOW
        a, b, c, d = round_(a, b, c, d, k0, k1)
    return a, b, c, d


@inline
def draw(seed, stream, iteration, block):
    """Words 4 * block to 4 * block + 3 of a stream."""
    return philox(block & LOW, (block >> 32) & LOW, iteration & LOW, stream & LOW, seed & LOW, (seed >> 32) & LOW)


@inline
def uniform(word):
    """[0, 1), in steps of 2**-24, all of which a float32 holds."""
    return f32(word >> 8) * f32(5.9604644775390625e-08)


@inline
def lane(words, i):
    """words[i]."""
    a, b, c, d = words
    return (a if i == 0 else b) if i < 2 else (c if i == 2 else d)


@kernel(out="y")
def fill_uniform(y: f32[M], low: f32, high: f32, random: i64[2], stream: i64, begin, end):
    """y <- uniform in [low, high).  A task is CHUNK numbers."""
    last, scale = min(end * CHUNK, y.shape[0]), high - low
    whole = last // 4 * 4
    for i in range(begin * CHUNK, whole, 4):
        a, b, c, d = draw(random[0], stream, random[1], i // 4)
        y[i] = low + scale * uniform(a)
        y[i + 1] = low + scale * uniform(b)
        y[i + 2] = low + scale * uniform(c)
        y[i + 3] = low + scale * uniform(d)
    if whole < last:
        words = draw(random[0], stream, random[1], whole // 4)
        for i in range(whole, last):
            y[i] = low + scale * uniform(lane(words, i - whole))
