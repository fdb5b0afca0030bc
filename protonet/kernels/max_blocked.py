"""Max pooling of blocked activations (conv_blocked.py) that remembers who won, and its gradient.

A number wins by being greater, so the first of equals does, and NaN never; a window of nothing but NaN or -inf gives
-FLT_MAX and no winner.  `where` holds the winner's tap i * kw + j of its window, or the largest number it can (NONE): a
byte a number where windows have fewer taps than that.  It lies as y does, without a halo.

Bound: forward instructions, four a tap; backward memory: a pixel is written once, asking all windows it lies in.
"""

from protonet.kernels.blocks import after, place
from protonet.kernels.jit import address, f32, i32, i64, inline, intrinsic, kernel, u8
from protonet.kernels.memory import fill, stack
from protonet.kernels.pool_blocked import LOWEST, clipped
from protonet.kernels.simd import BYTES, I32, E, W, ir

X, Y, D, O, Q = "X", "Y", "D", "O", "Q"
COUNT = ir.VectorType(I32, W)
NONE = {1: 255, 4: 2**31 - 1}  # by the bytes of a place


def small(kh, kw):
    """Whether a byte holds the taps of a window."""
    return kh * kw < NONE[1]


def count(n):
    return ir.Constant(COUNT, [n] * W)


def compared(e: E, vector, tap, best, at):
    wins = e.b.fcmp_ordered(">", vector, best)
    return e.b.select(wins, vector, best), e.b.select(wins, tap, at)


def leave(e: E, best, at, y, where, size, least):
    """Store an output; who is not above `least` is no winner."""
    e.store(best, y)
    at = e.b.select(e.b.fcmp_ordered(">", best, least), at, count(NONE[size]))
    kind = ir.VectorType(ir.IntType(8 * size), W)
    e.b.store(e.b.trunc(at, kind) if size == 1 else at, e.pointer(where, kind), align=size)


def taken(e: E, where, size):
    """Places as they are compared."""
    kind = ir.VectorType(ir.IntType(8 * size), W)
    at = e.b.load(e.pointer(where, kind), align=size)
    return e.b.zext(at, COUNT) if size == 1 else at


def any_window(size):
    """An intrinsic: one output over rows x columns inputs; `tap` is the first one's, `more` leads to the next row's."""

    @intrinsic
    def any_window(e, x, xr, rows, columns, tap, more, y, where, least: f32):
        b = e.b

        def row(_, c):
            line, tap, best, at = c

            def pixel(_, c):
                one, tap, best, at = c
                best, at = compared(e, e.load(one), e.splat(b.trunc(tap, I32)), best, at)
                return [e.at(one, BYTES), e.at(tap, 1), best, at]

            _, _, best, at = e.loop(columns, [line, tap, best, at], pixel)
            return [b.add(line, xr), b.add(tap, more), best, at]

        _, _, best, at = e.loop(rows, [x, tap, e.const(LOWEST), count(NONE[size])], row)
        leave(e, best, at, y, where, size, e.splat(least))

    return any_window


def whole_window(side, size):
    """An intrinsic: one output whose side x side window lies inside the image."""

    @intrinsic
    def whole_window(e, x, xr, y, where, least: f32):
        best, at = e.const(LOWEST), count(NONE[size])
        for i in range(side):
            line = e.b.add(x, e.b.mul(xr, e.int(i)))
            for j in range(side):
                best, at = compared(e, e.load(line, BYTES * j), count(i * side + j), best, at)
        leave(e, best, at, y, where, size, e.splat(least))

    return whole_window


def one_pixel(size):
    """An intrinsic: dx of a pixel <- old + dy of the windows that chose it, of rows x columns of them.

    tap: the pixel's in the first window; in the next one it is `across` less, in that of the next row `down` less.
    """

    @intrinsic
    def one_pixel(e, dy, dr, where, wr, rows, columns, tap, down, across, old, dx):
        b = e.b

        def row(_, c):
            dy, where, tap, total = c

            def window(_, c):
                dy, where, tap, total = c
                mine = b.icmp_signed("==", taken(e, where, size), e.splat(b.trunc(tap, I32)))
                total = b.fadd(total, b.select(mine, e.load(dy), e.const(0)))
                return [e.at(dy, BYTES), e.at(where, size * W), b.sub(tap, across), total]

            *_, total = e.loop(columns, [dy, where, tap, total], window)
            return [b.add(dy, dr), b.add(where, wr), b.sub(tap, down), total]

        *_, total = e.loop(rows, [dy, where, tap, e.load(old)], row)
        e.store(total, dx)

    return one_pixel


def some_pixels(side, stride, size):
    """An intrinsic: the same of `stride` pixels, whose windows all exist; dy, where: of the last of them in a row.

    tap: of the first pixel in the first row's last window.  step: bytes to the next pixel's old.
    """
    before = -(-side // stride) - 1  # windows of a row before the last one

    @intrinsic
    def some_pixels(e, dy, dr, where, wr, rows, tap, down, old, step, dx):
        b = e.b

        def row(_, c):
            dy, where, tap, *totals = c
            for d in range(before, -1, -1):
                given, at = e.load(dy, -BYTES * d), taken(e, e.at(where, -size * W * d), size)
                for f in range(min(stride, side - d * stride)):
                    mine = b.icmp_signed("==", at, e.splat(b.trunc(e.at(tap, f + d * stride), I32)))
                    totals[f] = b.fadd(totals[f], b.select(mine, given, e.const(0)))
            return [b.add(dy, dr), b.add(where, wr), b.sub(tap, down), *totals]

        start = [e.load(b.add(old, b.mul(step, e.int(f)))) for f in range(stride)]
        _, _, _, *totals = e.loop(rows, [dy, where, tap, *start], row)
        for f, total in enumerate(totals):
            e.store(total, dx, BYTES * f)

    return some_pixels


@inline
def windows(at, size, stride, pad, n):
    """First and last + 1 of the n windows that a pixel lies in."""
    return max(at + pad - size + stride, 0) // stride, min((at + pad) // stride + 1, n)


zeros = stack(BYTES)


def make(kind, size):
    """The two kernels, for places of a type of `size` bytes."""
    window, whole_3, whole_2 = any_window(size), whole_window(3, size), whole_window(2, size)
    pixel, some_3_2, some_2_2, some_3_1 = one_pixel(size), *(some_pixels(*of, size) for of in ((3, 2), (2, 2), (3, 1)))

    def maximum(
        x: f32[X], y: f32[Y], where: kind[Q], images: i64, blocks: i64, H: i64, V: i64, rows: i64, columns: i64,
        xn: i64, xr: i64, xb: i64, yn: i64, yr: i64, yb: i64,
        kh: i64, kw: i64, sh: i64, sw: i64, ph: i64, pw: i64, least: f32, begin, end,
    ):  # fmt: skip
        """y <- the largest of each window; where <- its tap, or NONE if it is not above `least`.

        H, V: rows and columns of x; rows, columns: of y.  A task is a row of a block.
        """
        image, c, i = place(begin, blocks, rows)
        for task in range(begin, end):
            i0, i1, _ = clipped(i, kh, sh, ph, H)
            first, xs = i0 - (i * sh - ph), 4 * xr
            at, to = address(x, image * xn + c * xb + i0 * xr), address(y, image * yn + c * yb + i * yr)
            out = address(where, task * columns * W)
            for j in range(columns):
                j0, j1, _ = clipped(j, kw, sw, pw, V)
                if i1 - i0 == 3 and j1 - j0 == 3 and kh == 3 and kw == 3:
                    whole_3(at + j0 * BYTES, xs, to, out, least)
                elif i1 - i0 == 2 and j1 - j0 == 2 and kh == 2 and kw == 2:
                    whole_2(at + j0 * BYTES, xs, to, out, least)
                else:
                    tap = first * kw + j0 - (j * sw - pw)
                    window(at + j0 * BYTES, xs, i1 - i0, j1 - j0, tap, kw, to, out, least)
                to += BYTES
                out += size * W
            image, c, i = after(image, c, i, blocks, rows)

    def gradient(
        dy: f32[D], where: kind[Q], old: f32[O], dx: f32[X], adds: i64,
        images: i64, blocks: i64, H: i64, V: i64, rows: i64, columns: i64,
        dn: i64, dr: i64, db: i64, on: i64, or_: i64, ob: i64, xn: i64, xr: i64, xb: i64,
        kh: i64, kw: i64, sh: i64, sw: i64, ph: i64, pw: i64, begin, end,
    ):  # fmt: skip
        """dx <- dy of the windows that chose a pixel, + old if `adds`.  A task is a row of a block of dx."""
        nothing, form, back = zeros(), 10 * kw + sw if sw < 10 else 0, (kw - 1) // sw
        fill(nothing, f32(0), W)
        wr, step = size * columns * W, BYTES if adds else i64(0)
        image, c, i = place(begin, blocks, H)
        for _ in range(begin, end):
            p0, p1 = windows(i, kh, sh, ph, rows)
            at = address(dy, image * dn + c * db + p0 * dr)
            chosen = address(where, ((image * blocks + c) * rows + p0) * columns * W)
            to, tap, j = address(dx, image * xn + c * xb + i * xr), (i + ph - p0 * sh) * kw, i64(0)
            start = address(old, image * on + c * ob + i * or_) if adds else nothing
            while j < V:
                q = (j + pw) // sw
                whole = q * sw == j + pw and q >= back and q < columns and j + sw <= V
                one, choice, now, out = at + q * BYTES, chosen + q * size * W, start + j * step, to + j * BYTES
                if whole and form == 32:
                    some_3_2(one, 4 * dr, choice, wr, p1 - p0, tap, sh * kw, now, step, out)
                    j += 2
                elif whole and form == 22:
                    some_2_2(one, 4 * dr, choice, wr, p1 - p0, tap, sh * kw, now, step, out)
                    j += 2
                elif whole and form == 31:
                    some_3_1(one, 4 * dr, choice, wr, p1 - p0, tap, sh * kw, now, step, out)
                    j += 1
                else:
                    q0, q1 = windows(j, kw, sw, pw, columns)
                    one, choice = at + q0 * BYTES, chosen + q0 * size * W
                    place_ = tap + j + pw - q0 * sw
                    pixel(one, 4 * dr, choice, wr, p1 - p0, q1 - q0, place_, sh * kw, sw, now, out)
                    j += 1
            image, c, i = after(image, c, i, blocks, H)

    maximum.__name__, gradient.__name__ = f"maximum_{size}", f"gradient_{size}"
    return kernel(maximum, out="y where"), kernel(gradient, out="dx", dx="old")


maximum, gradient = make(u8, 1)
maximum_wide, gradient_wide = make(i32, 4)
