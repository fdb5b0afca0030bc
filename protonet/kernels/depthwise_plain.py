"""Convolution of each channel by itself (groups of one channel), of plain planes: directly, there is no
product to speak of.

Rows of a plane are copied into `lines`, a strip at a time, with the pads in place and, for stride sw, cut
into sw phases of every sw-th float.  So a tap of W neighbouring outputs is one vector, at a distance that is
the same for all of them.

    forward   y[k]      = sum over t of w[k, t] * lines at offset(t)
    data      lines at offset(t) += w[k, t] * dy[k], brought back to dx; for stride 1 `forward` over dy, turned round
    weights   dw[k, t] += dy[k] . lines at offset(t)

Sizes: G channels in, K outputs of each; T taps; Y x X map, OY x OX outputs.  Bound: loads, 10 for each 8
vectors of products.
"""

from protonet.kernels.atomic import put as keep
from protonet.kernels.atomic import word
from protonet.kernels.im2col import move
from protonet.kernels.jit import address, f32, i64, inline, intrinsic, kernel
from protonet.kernels.memory import add_lines, fill, get, put
from protonet.kernels.simd import BYTES, I64, W
from protonet.kernels.tile import lanes

N, G, M, K, R, S, P, T, B = "N", "G", "M", "K", "R", "S", "P", "T", "B"
STRIP = 96 * 1024  # bytes of lines
TAPS = 1024  # at most
LINES, OFFSETS = STRIP + 2 * BYTES, 8 * TAPS
PRIVATE = LINES + OFFSETS + 4 * TAPS  # bytes: lines, the distances of taps, their sums


def tap(e, t, offsets, w):
    """(distance, weight) of a tap."""
    at = e.b.load(e.b.gep(e.pointer(offsets, I64), [t]))
    return at, e.splat(e.b.load(e.b.gep(e.pointer(w), [t]), align=4))


def tile(rows, vectors):
    """An intrinsic: rows x vectors of y, of which `high` x `wide` count; more: 1 to add to y.

    line: bytes from what one row of y is made of to what the next is.
    """

    @intrinsic
    def tile(e, source, line, offsets, w, taps, start: f32, more, y, pitch, high, wide):
        sources = [source]
        for r in range(1, rows):  # rows that do not count repeat the last
            there = e.b.icmp_signed(">", high, e.int(r))
            sources.append(e.b.add(sources[-1], e.b.select(there, line, e.int(0))))

        def product(t, sums):
            at, weight = tap(e, t, offsets, w)
            new = []
            for r in range(rows):
                place = e.b.add(sources[r], at)
                new += [e.fma(weight, e.load(place, BYTES * v), sums[r * vectors + v]) for v in range(vectors)]
            return new

        sums = e.loop(taps, [e.splat(start)] * rows * vectors, product)
        adds = e.splat(e.b.icmp_signed("!=", more, e.int(0)))
        for v in range(vectors):
            columns = lanes(e, "<", wide, v)
            for r in range(rows):
                place = e.b.add(y, e.b.mul(e.int(r), pitch))
                mask = e.b.and_(columns, e.splat(e.b.icmp_signed(">", high, e.int(r))))
                old = e.load_masked(place, e.b.and_(mask, adds), BYTES * v)
                e.store_masked(e.b.fadd(sums[r * vectors + v], old), place, mask, BYTES * v)

    return tile


tile_4x2, tile_8x1 = tile(4, 2), tile(8, 1)


@intrinsic
def spread(e, to, source, weight: f32, n):
    """to[:n] += weight * source[:n]; to is added 0 up to a whole vector."""
    factor = e.splat(weight)

    def vector(i, carried):
        at, left = carried
        place = e.b.add(to, at)
        e.store(e.fma(factor, e.load_masked(e.b.add(source, at), e.mask(left)), e.load(place)), place)
        return [e.b.add(at, e.int(BYTES)), e.b.sub(left, e.int(W))]

    e.loop(e.b.sdiv(e.b.add(n, e.int(W - 1)), e.int(W)), [e.int(0), n], vector)


@intrinsic
def dot(e, x, line, y, pitch, rows, n) -> f32:
    """The sum over rows x n of x * y; x is read in whole vectors.  Four rows at once, each its own sum."""
    b, some = e.b, 4

    def block(i, carried):
        x, y, left, *sums = carried
        high = [b.icmp_signed(">", left, e.int(r)) for r in range(some)]

        def vector(j, carried):
            at, wide, *sums = carried
            mask, new = e.mask(wide), []
            for r in range(some):
                kept = b.and_(mask, e.splat(high[r]))
                other = e.load_masked(b.add(b.add(y, at), b.mul(e.int(r), pitch)), kept)
                row = b.select(high[r], b.mul(e.int(r), line), e.int(0))
                new.append(e.fma(e.load(b.add(b.add(x, at), row)), other, sums[r]))
            return [b.add(at, e.int(BYTES)), b.sub(wide, e.int(W)), *new]

        vectors = b.sdiv(b.add(n, e.int(W - 1)), e.int(W))
        sums = e.loop(vectors, [e.int(0), n, *sums], vector)[2:]
        return [
            b.add(x, b.mul(line, e.int(some))),
            b.add(y, b.mul(pitch, e.int(some))),
            b.sub(left, e.int(some)),
            *sums,
        ]

    blocks = b.sdiv(b.add(rows, e.int(some - 1)), e.int(some))
    sums = e.loop(blocks, [x, y, rows, *[e.const(0)] * some], block)[3:]
    return e.sum(b.fadd(b.fadd(sums[0], sums[1]), b.fadd(sums[2], sums[3])))


@inline
def segment(OX, kw, dw, sw):
    """Floats of a phase of a line: the vectors of its outputs, and what the taps reach beyond them."""
    return (OX + W - 1) // W * W + (kw - 1) * dw // sw + W


@inline
def strip_rows(OX, kh, kw, dh, dw, sh, sw):
    """How many rows of outputs a strip is; less than 1: the window is too large for these kernels."""
    return (STRIP // (4 * sw * segment(OX, kw, dw, sw)) - (kh - 1) * dh - 1) // sh + 1


def fits(OX, kh, kw, dh, dw, sh, sw):
    return kh * kw <= TAPS and strip_rows(OX, kh, kw, dh, dw, sh, sw) >= 1


@inline
def find_offsets(offsets, L, turned, kh, kw, dh, dw, sw):
    """The distance of each tap in bytes, from the line and float of an output; turned: last tap first."""
    for i in range(kh):
        for j in range(kw):
            t = i * kw + j
            place = kh * kw - 1 - t if turned != 0 else t
            keep(offsets + 8 * place, 4 * (i * dh * sw * L + j * dw % sw * L + j * dw // sw))


@inline
def fill_lines(lines, plane, L, count, row, Y, X, pw, sw):
    """Lines row to row + count of a plane, pads and phases in place."""
    for r in range(count):
        y, to = row + r, lines + 4 * r * sw * L
        fill(to, 0.0, sw * L)
        if 0 <= y < Y:
            for f in range(sw):
                first = max(0, (pw - f + sw - 1) // sw)
                n = min((X + pw - f + sw - 1) // sw, L - W) - first
                source = plane + 4 * (y * X - pw + f + sw * first)
                move(to + 4 * (f * L + first), 0, source, 0, max(n, 0), 1, sw)


@kernel(out="y")
def forward(
    x: f32[N, M, S], w: f32[R, T], bias: f32[B], y: f32[N, G, K, P], biased: i64, turned: i64, joined: i64,
    Y: i64, X: i64, kh: i64, kw: i64, sh: i64, sw: i64, ph: i64, pw: i64, dh: i64, dw: i64, OY: i64, OX: i64,
    begin, end, memory,
):  # fmt: skip
    """y <- each plane of x by its windows, + bias; a task is a channel of an image.

    turned: the windows are turned round.  joined: so many planes after each other give one of y, their sum,
    as the data gradient over K outputs does; else 1.
    """
    N, G, K, P = y.shape
    T, L = kh * kw, segment(OX, kw, dw, sw)
    line, high = 4 * sw * L, strip_rows(OX, kh, kw, dh, dw, sh, sw)
    lines, offsets = memory, memory + LINES
    find_offsets(offsets, L, turned, kh, kw, dh, dw, sw)
    for task in range(begin, end):
        n, g = task // G, task % G
        for part in range(joined):
            m = g * joined + part
            first = i64(0)
            while first < OY:
                rows = min(high, OY - first)
                count = (rows - 1) * sh + (kh - 1) * dh + 1
                fill_lines(lines, address(x, (n, m, 0)), L, count, first * sh - ph, Y, X, pw, sw)
                for k in range(K):
                    start = bias[g * K + k] if biased != 0 and part == 0 else f32(0)
                    weight, to = address(w, (m * K + k, 0)), address(y, (n, g, k, first * OX))
                    strip(lines, line * sh, offsets, weight, T, start, part > 0, to, rows, OX)
                first += high


@inline
def strip(lines, line, offsets, w, T, start, more, y, rows, OX):
    """Some rows of outputs, in tiles of two vectors, or one at the right edge."""
    q = i64(0)
    while q < OX:
        wide, r = OX - q, i64(0)
        while r < rows:
            source, to = lines + line * r + 4 * q, y + 4 * (OX * r + q)
            if wide > W:
                tile_4x2(source, line, offsets, w, T, start, more, to, 4 * OX, rows - r, wide)
                r += 4
            else:
                tile_8x1(source, line, offsets, w, T, start, more, to, 4 * OX, rows - r, wide)
                r += 8
        q += 2 * W if wide > W else W


@kernel(out="dx")
def data(
    dy: f32[N, G, K, P], w: f32[G, K, T], bias: f32[B], dx: f32[N, G, S], biased: i64,
    Y: i64, X: i64, kh: i64, kw: i64, sh: i64, sw: i64, ph: i64, pw: i64, dh: i64, dw: i64, OY: i64, OX: i64,
    begin, end, memory,
):  # fmt: skip
    """dx <- bias + each number of dy, spread over its window; a task is a channel of an image."""
    N, G, K, P = dy.shape
    N, G, S = dx.shape
    L = segment(OX, kw, dw, sw)
    line, high = 4 * sw * L, strip_rows(OX, kh, kw, dh, dw, sh, sw)
    lines, offsets = memory, memory + LINES
    find_offsets(offsets, L, 0, kh, kw, dh, dw, sw)
    for task in range(begin, end):
        n, g = task // G, task % G
        plane = address(dx, (n, g, 0))
        fill(plane, bias[g] if biased != 0 else f32(0), S)
        first = i64(0)
        while first < OY:
            rows = min(high, OY - first)
            count = (rows - 1) * sh + (kh - 1) * dh + 1
            fill(lines, 0.0, count * sw * L)
            for k in range(K):
                for r in range(rows):
                    source = address(dy, (n, g, k, (first + r) * OX))
                    for t in range(kh * kw):
                        spread(lines + line * sh * r + word(offsets + 8 * t), source, w[g, k, t], OX)
            bring_back(plane, lines, L, count, first * sh - ph, Y, X, pw, sw)
            first += high


@inline
def bring_back(plane, lines, L, count, row, Y, X, pw, sw):
    """Add lines to the rows of a plane that they stand for."""
    for r in range(count):
        y = row + r
        if 0 <= y < Y:
            for f in range(sw):
                first = max(0, (pw - f + sw - 1) // sw)
                n = min((X + pw - f + sw - 1) // sw, L) - first
                to, source = plane + 4 * (y * X - pw + f + sw * first), lines + 4 * ((r * sw + f) * L + first)
                if sw == 1:
                    add_lines(to, 0, source, 0, max(n, 0), 1)
                else:
                    for q in range(n):
                        put(to + 4 * sw * q, get(to + 4 * sw * q) + get(source + 4 * q))


@kernel(out="dw_")
def weights(
    x: f32[N, G, S], dy: f32[N, G, K, P], dw_: f32[G, K, T],
    Y: i64, X: i64, kh: i64, kw: i64, sh: i64, sw: i64, ph: i64, pw: i64, dh: i64, dw: i64, OY: i64, OX: i64,
    begin, end, memory,
):  # fmt: skip
    """dw_[g, k, t] += dy . lines at offset(t), over all images, in order; a task is one output's window (g, k)."""
    N, G, K, P = dy.shape
    T, L = kh * kw, segment(OX, kw, dw, sw)
    line, high = 4 * sw * L, strip_rows(OX, kh, kw, dh, dw, sh, sw)
    lines, offsets, sums = memory, memory + LINES, memory + LINES + OFFSETS
    find_offsets(offsets, L, 0, kh, kw, dh, dw, sw)
    for task in range(begin, end):
        g, k = task // K, task % K
        fill(sums, 0.0, T)
        for n in range(N):
            first = i64(0)
            while first < OY:
                rows = min(high, OY - first)
                count = (rows - 1) * sh + (kh - 1) * dh + 1
                fill_lines(lines, address(x, (n, g, 0)), L, count, first * sh - ph, Y, X, pw, sw)
                other = address(dy, (n, g, k, first * OX))
                for t in range(T):
                    total = dot(lines + word(offsets + 8 * t), line * sh, other, 4 * OX, rows, OX)
                    put(sums + 4 * t, get(sums + 4 * t) + total)
                first += high
        for t in range(T):
            dw_[g, k, t] += get(sums + 4 * t)
