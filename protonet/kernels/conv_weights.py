"""The weights' gradient of a convolution on blocked activations (conv_blocked.py):

    dw[k][c][t] += sum over images and pixels of dy[pixel][k] * x[pixel * stride + offset of t][c]

A tile is `inputs` numbers of x, spread over registers, times some vectors of dy, summed over pixels in registers: 8 x
3 is 24 products on 11 loads.  Numbers of x that lie side by side are a part: channels of a block at one tap of the
window, or, of a picture's few channels, places of a row of the window.  A table says where each part begins, and its
sums.

Bound: FMA throughput, if loads come from near: a task goes over its lines some at a time, whose dy stays in the L1
cache while all parts see it, and whose x in L2, as do the task's sums.  Sums are the task's own; `collect` adds those
of all chunks in order, so results do not depend on threads.  For few pixels the way of the sums counts: they lie as
weights do.
"""

from functools import cache

from protonet.kernels.blocks import turned
from protonet.kernels.jit import address, f32, i64, inline, intrinsic, kernel
from protonet.kernels.memory import fill, stack
from protonet.kernels.simd import BYTES, FUSED, REGISTERS, W

X, Y, S, J, G, K, Q = "X", "Y", "S", "J", "G", "K", "Q"
INPUTS = 8 if REGISTERS == 32 and W >= 8 else 4  # of channels of a block: divides W
WIDEST = 3 if FUSED else 2  # vectors of outputs in a tile, at most
SUMS = 24 if REGISTERS == 32 else 12 if FUSED else 8  # registers that hold sums, at most


def tile(inputs, vectors):
    """An intrinsic: sums (inputs, vectors) at `to` <- those at `old` + all over images x rows x columns.

    Distances in bytes.  xn, xr, xp: to the next image, row and pixel of x that an output sees; yn, yr: of dy, whose
    pixels follow; yv: to its next vector of channels; os, ts: to the next input's sums; ahead: from x to what will be
    wanted next.
    """
    each = [(i, v) for i in range(inputs) for v in range(vectors)]

    @intrinsic
    def tile(e, x, xn, xr, xp, y, yn, yr, yv, images, rows, columns, old, os, to, ts, ahead):
        b = e.b
        sums = [e.load(b.add(old, b.mul(os, e.int(i))), BYTES * v) for i, v in each]

        def pixel(_, c):
            x, y, *acc = c
            e.prefetch(b.add(x, ahead))
            lines = [e.load(b.add(y, b.mul(yv, e.int(v)))) for v in range(vectors)]
            one = e.broadcasts(x, inputs)
            acc = [e.fma(one[i], lines[v], a) for a, (i, v) in zip(acc, each, strict=True)]
            return [b.add(x, xp), e.at(y, BYTES), *acc]

        def row(_, c):
            x, y, *acc = c
            _, _, *acc = e.loop(columns, [x, y, *acc], pixel)
            return [b.add(x, xr), b.add(y, yr), *acc]

        def image(_, c):
            x, y, *acc = c
            _, _, *acc = e.loop(rows, [x, y, *acc], row)
            return [b.add(x, xn), b.add(y, yn), *acc]

        _, _, *sums = e.loop(images, [x, y, *sums], image)
        for total, (i, v) in zip(sums, each, strict=True):
            e.store(total, b.add(to, b.mul(ts, e.int(i))), BYTES * v)

    return tile


@inline
def starts(side, sides, vecs):
    """The first vector of a side: vecs are shared out among `sides` as evenly as can be, the wider ones first."""
    return side * (vecs // sides) + min(side, vecs - vecs // sides * sides)


def sides(vecs):
    """Into how many tiles' widths the vectors of a group are cut."""
    return -(-vecs // WIDEST)


@cache
def make(inputs, vectors):
    wide, zeros = tile(inputs, vectors), stack(vectors * BYTES)
    narrow = tile(inputs, vectors - 1) if vectors > 1 else wide

    def weights(
        x: f32[X], parts: i64[J, 2], dy: f32[Y], sums: f32[S], groups: i64, vecs: i64, sides: i64, places: i64,
        step: i64, each: i64, many: i64, much: i64, images: i64, rows: i64, columns: i64, chunk: i64, lines: i64,
        xg: i64, xn: i64, xr: i64, xp: i64, yn: i64, yr: i64, yb: i64, begin, end,
    ):  # fmt: skip
        """sums[chunk][group][side][place][its vectors][W] <- the gradient over a chunk of lines, each number set.

        A line is a row of an image, or a whole image where rows follow one another (rows = 1).  chunk: lines of a task;
        lines: of them at a time.  Both divide rows, or are multiples of it.  parts: floats to each part's first number,
        and the place of its sums; step: places to those of its next number.  each: so many parts look at the same
        numbers; those of the next parts are fetched meanwhile (1 x 1, 256 -> 64: 74 % of the peak without that, 91 %
        with it).  sides: tiles that the vectors of a group are cut into, of `vectors` or one less.  In floats: xg, to
        the next group's inputs; xn, xr, xp, to the next image, and to the inputs of the next output's row and pixel;
        yn, yr, yb, of dy, and to its next block.  A task is `many` parts and `much` sides of a group in a chunk.
        """
        J = parts.shape[0]
        bunches, heaps = (J + many - 1) // many, (sides + much - 1) // much
        nothing = zeros()
        fill(nothing, f32(0), vectors * W)
        for task in range(begin, end):
            rest = task // bunches
            first = (task - rest * bunches) * many
            last = min(first + many, J)
            rest2 = rest // heaps
            low = (rest - rest2 * heaps) * much
            high = min(low + much, sides)
            c = rest2 // groups
            g = rest2 - c * groups
            line, stop, fresh = c * chunk, min((c + 1) * chunk, images * rows), True
            while line < stop:
                n = line // rows
                i = line - n * rows
                count = min(lines, stop - line)
                together, down = (count // rows, rows) if count >= rows else (i64(1), min(count, rows - i))
                at = address(x, g * xg + n * xn + i * xr)
                for side in range(low, high):
                    v = starts(side, sides, vecs)
                    wq = starts(side + 1, sides, vecs) - v
                    from_ = address(dy, (g * vecs + v) * yb + n * yn + i * yr)
                    out = address(sums, ((c * groups + g) * vecs + v) * places * W)
                    for p in range(first, last):
                        to, ts = out + parts[p, 1] * wq * BYTES, step * wq * BYTES
                        old, os = (nothing, i64(0)) if fresh else (to, ts)
                        ahead = 4 * (parts[min(p + each, last - 1), 0] - parts[p, 0])
                        if wq == vectors:
                            wide(
                                at + 4 * parts[p, 0], 4 * xn, 4 * xr, 4 * xp, from_, 4 * yn, 4 * yr, 4 * yb,
                                together, down, columns, old, os, to, ts, ahead,
                            )  # fmt: skip
                        else:
                            narrow(
                                at + 4 * parts[p, 0], 4 * xn, 4 * xr, 4 * xp, from_, 4 * yn, 4 * yr, 4 * yb,
                                together, down, columns, old, os, to, ts, ahead,
                            )  # fmt: skip
                line += together * down
                fresh = False

    weights.__name__ = f"weights_{inputs}_{vectors}"
    return kernel(weights, out="sums")


def weights(inputs, vecs):
    """The kernel for parts of so many numbers, and so many vectors of outputs in a group."""
    return make(inputs, -(-vecs // sides(vecs)))


def named(wanted):
    """The kernel of this name, for processes that compile."""
    return make(*map(int, wanted.split("_")[-2:]))


@intrinsic
def total(e, source, step, count, to):
    """A vector: the sum of `count` of them, `step` bytes apart, in order."""

    def one(_, c):
        return [e.b.add(c[0], step), e.b.fadd(c[1], e.load(c[0]))]

    _, found = e.loop(e.b.sub(count, e.int(1)), [e.b.add(source, step), e.load(source)], one)
    e.store(found, to)


@intrinsic
def add_turned(e, square, to, pitch, rows, columns):
    """to[k][q] += square[q][k] for q < columns, k < rows; rows of `to` are `pitch` bytes apart."""
    b = e.b
    lines = turned(e, [e.load(square, BYTES * i) for i in range(W)])
    places = [b.add(to, b.mul(pitch, e.int(k))) for k in range(W)]
    whole = b.and_(b.icmp_signed(">=", columns, e.int(W)), b.icmp_signed(">=", rows, e.int(W)))
    with b.if_else(whole) as (quick, careful):
        with quick:
            for place, line in zip(places, lines, strict=True):
                e.store(b.fadd(e.load(place), line), place)
        with careful:
            mask = e.mask(columns)
            for k, (place, line) in enumerate(zip(places, lines, strict=True)):
                with b.if_then(b.icmp_signed("<", e.int(k), rows)):
                    e.store_masked(b.fadd(e.load_masked(place, mask), line), place, mask)


square = stack(W * BYTES)


@kernel(out="dw")
def collect(sums: f32[S], order: i64[Q], dw: f32[G, K, Q], chunks: i64, sides: i64, places: i64, begin, end):
    """dw[g][k][q] += over chunks of sums (as `weights` makes them).  order: the place of each q = (c, t).

    A task is W outputs of a group.
    """
    G, K, Q = dw.shape
    vecs = (K + W - 1) // W
    whole, away = 4 * G * vecs * places * W, square()
    for task in range(begin, end):
        g = task // vecs
        k = task - g * vecs
        side = k // ((vecs + sides - 1) // sides)
        while starts(side + 1, sides, vecs) <= k:
            side += 1
        v = starts(side, sides, vecs)
        wq = starts(side + 1, sides, vecs) - v
        at = address(sums, (g * vecs + v) * places * W + (k - v) * W)
        q = i64(0)
        while q < Q:
            count = min(W, Q - q)
            for j in range(count):
                total(at + order[q + j] * wq * BYTES, whole, chunks, away + j * BYTES)
            add_turned(away, address(dw, (g, k * W, q)), 4 * Q, min(W, K - k * W), count)
            q += W
