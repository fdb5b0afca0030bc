"""The heart of every matrix product: a tile of c in registers, c (rows, COLUMNS) = start + a (rows, n) @ b
(n, COLUMNS).

For each k a vector pair of b is loaded and each number of a column of a is spread over a register, so a tile
of 12 rows (AVX-512; 6 for AVX2) does 24 (12) fused products on 14 (8) loads: the FMA units are the limit.
Tiles are HEIGHTS high; a matrix of M rows is cut by `height` into these, the last one padded to a multiple of
UNIT rows.

Columns may lie in several places: column j of image 0 is followed by column 0 of image 1, `hop` bytes
elsewhere.  Such a tile, and one at the lower or right edge, is made aside, and brought there in pieces.
"""

from protonet.kernels.jit import i64, inline
from protonet.kernels.memory import stack
from protonet.kernels.simd import BY_LANE, BYTES, I32, REGISTERS, W, intrinsic, ir

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

    start: address of what each row's sum starts from; more: 1 to add to c, 0 to set it.
    """

    @intrinsic
    def tile(e, a, step, b, ldb, n, start, more, c, ldc):
        sums = [e.broadcast(start, 4 * i) for i in range(rows) for _ in range(VECTORS)]

        def product(k, carried):
            a, b, *acc = carried
            vectors = [e.load(b, BYTES * j) for j in range(VECTORS)]
            ones, new = e.broadcasts(a, rows) if BY_LANE and row == 4 else [], []
            for i in range(rows):
                one = ones[i] if ones else e.broadcast(a, i * row)
                new += [e.fma(one, vectors[j], acc[i * VECTORS + j]) for j in range(VECTORS)]
            return [e.b.add(a, step), e.b.add(b, ldb), *new]

        _, _, *sums = e.loop(n, [a, b, *sums], product)
        lines = [e.b.add(c, e.b.mul(e.int(i), ldc)) for i in range(rows)]
        places = [(line, BYTES * j) for line in lines for j in range(VECTORS)]
        with e.b.if_else(e.b.icmp_signed("!=", more, e.int(0))) as (then, other):
            with then:
                for total, place in zip(sums, places, strict=True):
                    e.store(e.b.fadd(total, e.load(*place)), *place)
            with other:
                for total, place in zip(sums, places, strict=True):
                    e.store(total, *place)

    return tile


tall, middle, low = (tile(h) for h in HEIGHTS)
aside = stack(4 * ROWS * COLUMNS)


@intrinsic
def settle(e, source, more, c, ldc, rows, width, first, P, hop):
    """Bring the first `rows` rows and `width` columns of a tile made aside to c, or add them.

    The first `first` columns lie at c, then P at c + hop, and so on.
    """
    b = e.b
    first, adds = least(e, first, width), e.splat(b.icmp_signed("!=", more, e.int(0)))
    pieces = b.add(b.sdiv(b.add(b.sub(width, first), b.sub(P, e.int(1))), P), e.int(1))

    def piece(k, carried):
        begin, end, c = carried
        masks = [b.and_(lanes(e, "<", end, j), b.not_(lanes(e, "<", begin, j))) for j in range(VECTORS)]

        def line(i, places):
            source, to = places
            for j, mask in enumerate(masks):
                old = e.load_masked(to, b.and_(mask, adds), BYTES * j)
                e.store_masked(b.fadd(e.load(source, BYTES * j), old), to, mask, BYTES * j)
            return [e.at(source, 4 * COLUMNS), b.add(to, ldc)]

        e.loop(rows, [source, c], line)
        return [end, least(e, b.add(end, P), width), b.add(c, hop)]

    e.loop(pieces, [e.int(0), first, c], piece)


def least(e, x, y):
    return e.b.select(e.b.icmp_signed("<", x, y), x, y)


def lanes(e, than, n, j):
    """Which lanes of vector j are columns before n."""
    n = e.b.trunc(e.b.sub(n, e.int(W * j)), I32)
    return e.b.icmp_signed(than, LANES, e.splat(n))


@inline
def product(a, rows, begin, end, b, ldb, n, start, step, more, c, ldc, columns, first, P, hop):
    """c (rows, columns <= COLUMNS) = or += packed a (rows, n) @ b (n, columns), for the tiles that begin in
    [begin, end).

    a: tiles one after the other, each [n][height]; what the sums of row i start from lies at start + i * step.
    """
    i, away = i64(0), aside()
    while i < end:
        h = height(rows - i)
        if i >= begin:
            left, to, sums = rows - i, c + i * ldc, start + i * step
            whole = left >= h and columns == COLUMNS and first >= COLUMNS
            if whole:
                place, line, adds = to, ldc, i64(more)
            else:
                place, line, adds = away, i64(4 * COLUMNS), i64(0)
            if h == 3 * UNIT:
                tall(a, 4 * h, b, ldb, n, sums, adds, place, line)
            elif h == 2 * UNIT:
                middle(a, 4 * h, b, ldb, n, sums, adds, place, line)
            else:
                low(a, 4 * h, b, ldb, n, sums, adds, place, line)
            if not whole:
                settle(away, more, to, ldc, min(h, left), columns, first, P, hop)
        a += 4 * h * n
        i += h
