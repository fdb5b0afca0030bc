"""Lines of a plane as depthwise_plain.py reads them: pads in place, cut into phases, and the vector code over them.

A line of the map is `sw` segments of floats, segment f holding every sw-th float from f on; so the floats
that one tap sees for neighbouring outputs lie together, at a distance from the output that is the tap's own
(`offsets`).
"""

from protonet.kernels.atomic import put as keep
from protonet.kernels.im2col import move
from protonet.kernels.jit import f32, i64, inline, intrinsic
from protonet.kernels.memory import add_lines, fill, get, put
from protonet.kernels.simd import BYTES, I64, W
from protonet.kernels.tile import lanes

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
