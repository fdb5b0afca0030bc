"""The heart of every matrix product: a tile of c in registers, c (rows, COLUMNS) = start + a (rows, n) @ b
(n, COLUMNS).

For each k a vector pair of b is loaded and each number of a column of a is spread over a register, so a tile
of 12 rows (AVX-512; 6 for AVX2) does 24 (12) fused products on 14 (8) loads: the FMA units are the limit.
Tiles are HEIGHTS high; a matrix of M rows is cut by `height` into these, the last one padded to a multiple of
UNIT rows.

Columns may lie in several places: column j of image 0 is followed by column 0 of image 1, `hop` bytes
elsewhere.  Then the tile is stored in pieces, under masks.
"""

from protonet.kernels.jit import i64, inline
from protonet.kernels.simd import BYTES, I32, REGISTERS, E, W, intrinsic, ir

VECTORS = 2
COLUMNS = VECTORS * W
HEIGHTS = (12, 8, 4) if REGISTERS == 32 else (6, 4, 2)
UNIT, ROWS = HEIGHTS[-1], HEIGHTS[0]
LANES = ir.Constant(ir.VectorType(I32, W), list(range(W)))


@inline
def height(left):
    """How many of the rows that are left the next tile does.  Four units are two and two: one alone is short
    of work."""
    units = (left + UNIT - 1) // UNIT
    return 3 * UNIT if units > 4 or units == 3 else 2 * UNIT if units != 1 else UNIT


@inline
def padded(rows):
    return (rows + UNIT - 1) // UNIT * UNIT


def tile(rows, row=4):
    """An intrinsic for tiles of `rows` rows; a[i, k] lies at a + i * row + k * step.

    start: address of what each row's sum starts from; more: 1 to add to c, 0 to set it.  Columns 0 to `width`
    are valid; the first `first` lie at c, then P at c + hop, and so on (first >= COLUMNS: all at c).  `valid`
    rows are stored.
    """

    @intrinsic
    def tile(e, a, step, b, ldb, n, start, more, c, ldc, valid, width, first, P, hop):
        sums = [e.broadcast(start, 4 * i) for i in range(rows) for _ in range(VECTORS)]

        def product(k, carried):
            a, b, *acc = carried
            vectors = [e.load(b, BYTES * j) for j in range(VECTORS)]
            new = []
            for i in range(rows):
                one = e.broadcast(a, i * row)
                new += [e.fma(one, vectors[j], acc[i * VECTORS + j]) for j in range(VECTORS)]
            return [e.b.add(a, step), e.b.add(b, ldb), *new]

        _, _, *sums = e.loop(n, [a, b, *sums], product)
        whole = e.b.icmp_signed(">=", first, e.int(COLUMNS))
        whole = e.b.and_(whole, e.b.icmp_signed(">=", valid, e.int(rows)))
        with e.b.if_else(whole) as (then, other):
            with then:
                keep(e, sums, more, c, ldc, rows)
            with other:
                pieces(e, sums, more, c, ldc, rows, valid, width, first, P, hop)

    return tile


def keep(e: E, sums, more, c, ldc, rows):
    """c <- sums, or c + sums."""
    lines = [e.b.add(c, e.b.mul(e.int(i), ldc)) for i in range(rows)]
    with e.b.if_else(e.b.icmp_signed("!=", more, e.int(0))) as (then, other):
        for branch, old in (then, True), (other, False):
            with branch:
                for k, total in enumerate(sums):
                    line, at = lines[k // VECTORS], BYTES * (k % VECTORS)
                    e.store(e.b.fadd(total, e.load(line, at)) if old else total, line, at)


def pieces(e: E, sums, more, c, ldc, rows, valid, width, first, P, hop):
    """The same where columns lie in several places, or rows are missing."""
    b = e.b
    first = least(e, first, width)
    count = b.sdiv(b.add(b.sub(width, first), b.sub(P, e.int(1))), P)
    adds = b.icmp_signed("!=", more, e.int(0))

    def piece(k, carried):
        low, high, place = carried
        for j in range(VECTORS):
            inside = b.and_(lanes(e, "<", high, j), b.not_(lanes(e, "<", low, j)))
            for i in range(rows):
                line = b.add(place, b.mul(e.int(i), ldc))
                mask = b.and_(inside, e.splat(b.icmp_signed(">", valid, e.int(i))))
                old = e.load_masked(line, b.and_(mask, e.splat(adds)), BYTES * j)
                e.store_masked(b.fadd(sums[i * VECTORS + j], old), line, mask, BYTES * j)
        return [high, least(e, b.add(high, P), width), b.add(place, hop)]

    e.loop(b.add(count, e.int(1)), [e.int(0), first, c], piece)


def least(e, x, y):
    return e.b.select(e.b.icmp_signed("<", x, y), x, y)


def lanes(e, than, n, j):
    """Which lanes of vector j are columns before n."""
    n = e.b.trunc(e.b.sub(n, e.int(W * j)), I32)
    return e.b.icmp_signed(than, LANES, e.splat(n))


tall, middle, low = (tile(h) for h in HEIGHTS)


@inline
def product(a, rows, low_row, high_row, b, ldb, n, start, step, more, c, ldc, columns, first, P, hop):
    """c (rows, columns <= COLUMNS) = or += packed a (rows, n) @ b (n, columns), for the tiles that begin in
    [low_row, high_row).

    a: tiles one after the other, each [n][height]; what the sums of row i start from lies at start + i * step.
    """
    i = i64(0)
    while i < high_row:
        h = height(rows - i)
        if i >= low_row:
            left, to, sums = rows - i, c + i * ldc, start + i * step
            if h == 3 * UNIT:
                tall(a, 4 * h, b, ldb, n, sums, more, to, ldc, left, columns, first, P, hop)
            elif h == 2 * UNIT:
                middle(a, 4 * h, b, ldb, n, sums, more, to, ldc, left, columns, first, P, hop)
            else:
                low(a, 4 * h, b, ldb, n, sums, more, to, ldc, left, columns, first, P, hop)
        a += 4 * h * n
        i += h
