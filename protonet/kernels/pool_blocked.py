"""Max and average pooling of blocked activations (conv_blocked.py): whole vectors of channels, no positions kept.

A window is clipped to the image; an average divides by the size of the window clipped to the padded image, as in Caffe.
Bound: loads.  Rows of four outputs whose windows lie inside the image share the maxima of their columns.
"""

from protonet.kernels.blocks import after, place
from protonet.kernels.jit import address, f32, i64, inline, intrinsic, kernel
from protonet.kernels.simd import BYTES, ir

X, Y = "X", "Y"
LOWEST = -3.4028234663852886e38  # Caffe's maximum of nothing
ACROSS = 4


def window(average):
    """An intrinsic: one output, over rows x columns inputs (at least one); the average is their sum times scale."""

    @intrinsic
    def window(e, x, xr, rows, columns, y, scale: f32):
        b = e.b
        join = b.fadd if average else e.max
        start = e.const(0) if average else e.const(LOWEST)

        def row(_, c):
            def pair(_, c):
                at, one, other = c
                return [e.at(at, 2 * BYTES), join(e.load(at), one), join(e.load(at, BYTES), other)]

            at, one, other = e.loop(b.ashr(columns, e.int(1)), c, pair)
            odd, done, before = b.append_basic_block("odd"), b.append_basic_block("next"), b.block
            b.cbranch(b.trunc(columns, ir.IntType(1)), odd, done)
            b.position_at_end(odd)
            more = join(e.load(at), one)
            b.branch(done)
            b.position_at_end(done)
            last = b.phi(one.type)
            last.add_incoming(one, before)
            last.add_incoming(more, odd)
            return [b.add(c[0], xr), last, other]

        _, one, other = e.loop(rows, [x, start, start], row)
        total = join(one, other)
        e.store(b.fmul(total, e.splat(scale)) if average else total, y)

    return window


def maxima(size, stride):
    """An intrinsic: ACROSS neighbouring outputs of a size x size window inside the image: columns first."""

    @intrinsic
    def maxima(e, x, xr, y):
        rows = [e.b.add(x, e.b.mul(xr, e.int(i))) for i in range(size)]
        columns = []
        for q in range((ACROSS - 1) * stride + size):
            top = e.load(rows[0], BYTES * q)
            for row in rows[1:]:
                top = e.max(e.load(row, BYTES * q), top)
            columns.append(top)
        for p in range(ACROSS):
            top = columns[p * stride]
            for j in range(1, size):
                top = e.max(columns[p * stride + j], top)
            e.store(top, y, BYTES * p)

    return maxima


sum_of, max_of = window(True), window(False)
max_3_2, max_3_1, max_2_2 = maxima(3, 2), maxima(3, 1), maxima(2, 2)


@inline
def clipped(place, size, stride, pad, n):
    """Inputs [first, last) of the output at `place`, inside the image; and the size of its window in the padded one."""
    start = place * stride - pad
    stop = min(start + size, n + pad)
    return max(start, 0), min(stop, n), stop - start


@kernel
def maximum(
    x: f32[X], y: f32[Y], images: i64, blocks: i64, H: i64, V: i64, rows: i64, columns: i64,
    xn: i64, xr: i64, xb: i64, yn: i64, yr: i64, yb: i64,
    kh: i64, kw: i64, sh: i64, sw: i64, ph: i64, pw: i64, first: i64, begin, end,
):  # fmt: skip
    """A task is a row of a block.  H, V: rows and columns of x; rows, columns: of y, from its row `first` on."""
    form, task = 10 * kw + sw if kh == kw and sw < 10 else 0, begin
    image, c, i = place(begin, blocks, rows)
    while task < end:
        i0, i1, _ = clipped(i + first, kh, sh, ph, H)
        at, to = address(x, image * xn + c * xb + i0 * xr), address(y, image * yn + c * yb + i * yr)
        j = i64(0)
        while j < columns:
            j0, j1, _ = clipped(j, kw, sw, pw, V)
            inside = (
                i1 - i0 == kh and j0 == j * sw - pw and (j + ACROSS - 1) * sw - pw + kw <= V and j + ACROSS <= columns
            )
            if inside and form == 32:
                max_3_2(at + j0 * BYTES, 4 * xr, to + j * BYTES)
                j += ACROSS
            elif inside and form == 31:
                max_3_1(at + j0 * BYTES, 4 * xr, to + j * BYTES)
                j += ACROSS
            elif inside and form == 22:
                max_2_2(at + j0 * BYTES, 4 * xr, to + j * BYTES)
                j += ACROSS
            else:
                max_of(at + j0 * BYTES, 4 * xr, i1 - i0, j1 - j0, to + j * BYTES, f32(0))
                j += 1
        image, c, i = after(image, c, i, blocks, rows)
        task += 1


@kernel
def average(
    x: f32[X], y: f32[Y], images: i64, blocks: i64, H: i64, V: i64, rows: i64, columns: i64,
    xn: i64, xr: i64, xb: i64, yn: i64, yr: i64, yb: i64,
    kh: i64, kw: i64, sh: i64, sw: i64, ph: i64, pw: i64, first: i64, begin, end,
):  # fmt: skip
    image, c, i = place(begin, blocks, rows)
    for _ in range(begin, end):
        i0, i1, down = clipped(i + first, kh, sh, ph, H)
        at, to = address(x, image * xn + c * xb + i0 * xr), address(y, image * yn + c * yb + i * yr)
        for j in range(columns):
            j0, j1, across = clipped(j, kw, sw, pw, V)
            sum_of(at + j0 * BYTES, 4 * xr, i1 - i0, j1 - j0, to + j * BYTES, f32(1) / f32(down * across))
        image, c, i = after(image, c, i, blocks, rows)
