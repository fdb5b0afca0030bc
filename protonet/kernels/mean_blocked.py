"""Average pooling of blocked activations (conv_blocked.py) in all of Caffe's ways, and its gradient.

A mean divides by the window's part of the padded image, or with `inside` of the image itself; `bottom` and `right` are
the pads there.  (pool_blocked.average is for pads that are alike and count.)

Bound: memory; going back, a pixel is written once, asking all windows it lies in.
"""

from protonet.kernels.blocks import after, place
from protonet.kernels.jit import address, f32, i64, inline, intrinsic, kernel
from protonet.kernels.max_blocked import windows
from protonet.kernels.mean_pool import extent
from protonet.kernels.memory import fill, stack
from protonet.kernels.pool_blocked import sum_of
from protonet.kernels.simd import BYTES, W

X, Y, D, O = "X", "Y", "D", "O"


@intrinsic
def divide(e, y, by: f32):
    e.store(e.b.fdiv(e.load(y), e.splat(by)), y)


@kernel(out="y")
def average(
    x: f32[X], y: f32[Y], images: i64, blocks: i64, H: i64, V: i64, rows: i64, columns: i64,
    xn: i64, xr: i64, xb: i64, yn: i64, yr: i64, yb: i64,
    kh: i64, kw: i64, sh: i64, sw: i64, ph: i64, pw: i64, bottom: i64, right: i64, inside: i64, begin, end,
):  # fmt: skip
    """y <- the mean of each window.  A task is a row of a block.  H, V: rows and columns of x; rows, columns: of y."""
    image, c, i = place(begin, blocks, rows)
    for _ in range(begin, end):
        i0, i1, high = extent(i, sh, ph, kh, H, bottom, inside)
        at, to = address(x, image * xn + c * xb + i0 * xr), address(y, image * yn + c * yb + i * yr)
        for j in range(columns):
            j0, j1, wide = extent(j, sw, pw, kw, V, right, inside)
            sum_of(at + j0 * BYTES, 4 * xr, i1 - i0, max(j1 - j0, 0), to + j * BYTES, f32(1))
            divide(to + j * BYTES, f32(high * wide))
        image, c, i = after(image, c, i, blocks, rows)


@intrinsic
def add_share(e, dy, share: f32, to):
    e.store(e.fma(e.load(dy), e.splat(share), e.load(to)), to)


def some_pixels(side, stride):
    """An intrinsic: dx of `stride` pixels <- old + share * dy of their windows, all of which exist, of `rows` rows.

    dy: of the last window of a row.  step: bytes to the next pixel's old.
    """
    before = -(-side // stride) - 1

    @intrinsic
    def some_pixels(e, dy, dr, rows, share: f32, old, step, dx):
        b = e.b

        def row(_, c):
            dy, *totals = c
            for d in range(before, -1, -1):
                given = e.load(dy, -BYTES * d)
                for f in range(min(stride, side - d * stride)):
                    totals[f] = b.fadd(totals[f], given)
            return [b.add(dy, dr), *totals]

        share = e.splat(share)
        _, *totals = e.loop(rows, [dy, *[e.const(0)] * stride], row)
        for f, total in enumerate(totals):
            e.store(e.fma(total, share, e.load(b.add(old, b.mul(step, e.int(f))))), dx, BYTES * f)

    return some_pixels


some_3_2, some_2_2, some_3_1 = (some_pixels(*of) for of in ((3, 2), (2, 2), (3, 1)))
zeros, gathered = stack(BYTES), stack(BYTES)


@intrinsic
def shared_out(e, dy, share: f32, old, step, dx, n):
    """n pixels of one window: dx <- old + share * dy."""
    given = e.b.fmul(e.load(dy), e.splat(share))

    def one(_, c):
        e.store(e.b.fadd(e.load(c[0]), given), c[1])
        return [e.b.add(c[0], step), e.at(c[1], BYTES)]

    e.loop(n, [old, dx], one)


@intrinsic
def move(e, x, y):
    e.store(e.load(x), y)


@inline
def entire(first, last, size, stride, pad, n):
    """Whether windows first to last - 1 all lie in the image."""
    return first * stride >= pad and (last - 1) * stride - pad + size <= n


@inline
def known(size, stride):
    """Which of these it is, or 0."""
    form = 10 * size + stride if stride < 10 else 0
    return form if form == 32 or form == 22 or form == 31 else 0


@inline
def some(form, dy, dr, rows, share, old, step, dx):
    if form == 32:
        some_3_2(dy, dr, rows, share, old, step, dx)
    elif form == 22:
        some_2_2(dy, dr, rows, share, old, step, dx)
    else:
        some_3_1(dy, dr, rows, share, old, step, dx)


@kernel(out="dx", dx="old")
def gradient(
    dy: f32[D], old: f32[O], dx: f32[X], adds: i64, images: i64, blocks: i64, H: i64, V: i64, rows: i64, columns: i64,
    dn: i64, dr: i64, db: i64, on: i64, or_: i64, ob: i64, xn: i64, xr: i64, xb: i64,
    kh: i64, kw: i64, sh: i64, sw: i64, ph: i64, pw: i64, bottom: i64, right: i64, inside: i64, begin, end,
):  # fmt: skip
    """dx <- a share of dy of all windows a pixel lies in, + old if `adds`.  A task is a row of a block of dx."""
    nothing, total, form, back = zeros(), gathered(), known(kw, sw), (kw - 1) // sw
    fill(nothing, f32(0), W)
    step, share = BYTES if adds else i64(0), f32(1) / f32(kh * kw)
    image, c, i = place(begin, blocks, H)
    for _ in range(begin, end):
        p0, p1 = windows(i, kh, sh, ph, rows)
        at, to = address(dy, image * dn + c * db), address(dx, image * xn + c * xb + i * xr)
        start, j = address(old, image * on + c * ob + i * or_) if adds else nothing, i64(0)
        tall = entire(p0, p1, kh, sh, ph, H)
        if columns == 1 and p1 - p0 == 1 and pw == 0 and kw >= V:  # a window of whole rows
            _, _, high = extent(p0, sh, ph, kh, H, bottom, inside)
            _, _, wide = extent(0, sw, pw, kw, V, right, inside)
            shared_out(at + 4 * p0 * dr, f32(1) / f32(high * wide), start, step, to, V)
            j = V
        while j < V:
            q = (j + pw) // sw
            whole = q * sw == j + pw and q >= back and q < columns and j + sw <= V
            whole = whole and form != 0 and entire(q - back, q + 1, kw, sw, pw, V)
            now, out = start + j * step, to + j * BYTES
            first = at + 4 * p0 * dr + q * BYTES
            if whole and (tall or p0 >= p1):
                some(form, first, 4 * dr, p1 - p0, share, now, step, out)
                j += sw
            elif whole:  # rows of windows that count differently
                for p in range(p0, p1):
                    _, _, high = extent(p, sh, ph, kh, H, bottom, inside)
                    some(form, at + 4 * p * dr + q * BYTES, 4 * dr, 1, f32(1) / f32(high * kw), now, step, out)
                    now, step = out, BYTES
                step = BYTES if adds else i64(0)
                j += sw
            else:
                q0, q1 = windows(j, kw, sw, pw, columns)
                move(now, total)
                for p in range(p0, p1):
                    _, _, high = extent(p, sh, ph, kh, H, bottom, inside)
                    for k in range(q0, q1):
                        _, _, wide = extent(k, sw, pw, kw, V, right, inside)
                        add_share(at + 4 * p * dr + k * BYTES, f32(1) / f32(high * wide), total)
                move(total, out)
                j += 1
        image, c, i = after(image, c, i, blocks, H)
