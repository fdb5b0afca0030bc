"""Max pooling of planes: x is M planes of H x X, y of PH x PX; a task is some planes.

Caffe's rules: a number wins only by being greater, so that the first of equals is it, NaN never is, and a
window of nothing but NaN or -inf, or one wholly outside, gives -FLT_MAX and no place (-1).  The limit is the
number of instructions, about ten for each tap of W windows.
"""

from protonet.kernels.jit import address, f32, i32, i64, kernel
from protonet.kernels.memory import fill, get, put
from protonet.kernels.pool_taps import COUNT, each, numbers, over_taps, store, tasks
from protonet.kernels.simd import I32, W, intrinsic, ir

__all__ = ["max_pool", "max_pool_only", "place", "place_grad", "tasks"]
M, H, X, PH, PX = "M", "H", "X", "PH", "PX"
LOWEST = -3.4028234663852886e38


def largest(stride, places):
    """An intrinsic: y[:n] <- the largest of each window, and with `places` where[:n] <- its place in the plane.

    line: address of the first row; row: its number; column: that of the first window, which may be negative.
    """

    @intrinsic
    def largest(e, line, row, rows, column, width, taps, step, y, where, n):
        spread = e.b.mul(numbers(0, 1), e.splat(e.b.trunc(step, I32)))
        start = e.b.add(e.b.mul(row, width), column)

        def compare(i, j, vector, carried):
            best, *place = carried
            wins = e.b.fcmp_ordered(">", vector, best)
            if places:
                at = e.b.add(start, e.b.add(e.b.mul(i, width), j))
                place = [e.b.select(wins, e.b.add(e.splat(e.b.trunc(at, I32)), spread), place[0])]
            return [e.b.select(wins, vector, best), *place]

        first = [e.const(LOWEST)] + [ir.Constant(COUNT, [-1] * W)] * places
        pitch = e.b.mul(width, e.int(4))
        best, *place = over_taps(e, line, pitch, rows, column, width, taps, stride, step, float("-inf"), first, compare)
        store(e, best, y, n)
        if places:
            store(e, place[0], where, n)

    return largest


largest_1, largest_2, largest_n = (largest(stride, True) for stride in (1, 2, 0))
only_1, only_2, only_n = (largest(stride, False) for stride in (1, 2, 0))


@kernel(out="y where")
def max_pool(
    x: f32[M, H, X], y: f32[M, PH, PX], where: i32[M, PH, PX],
    kh: i64, kw: i64, sh: i64, sw: i64, ph: i64, pw: i64, begin, end,
):  # fmt: skip
    """y <- the largest of each window; where <- its place h * X + w, or -1."""
    M, H, X = x.shape
    M, PH, PX = y.shape
    some = each(PH, PX)
    for m in range(begin * some, min(end * some, M)):
        for p in range(PH):
            top = p * sh - ph
            row = max(top, 0)
            rows = min(top + kh, H) - row
            line, q = address(x, (m, 0, 0)) + 4 * row * X, i64(0)
            while q < PX:
                column, to, at = q * sw - pw, address(y, (m, p, q)), address(where, (m, p, q))
                if sw == 1:
                    largest_1(line, row, rows, column, X, kw, sw, to, at, PX - q)
                elif sw == 2:
                    largest_2(line, row, rows, column, X, kw, sw, to, at, PX - q)
                else:
                    largest_n(line, row, rows, column, X, kw, sw, to, at, PX - q)
                q += W


@kernel(out="y")
def max_pool_only(x: f32[M, H, X], y: f32[M, PH, PX], kh: i64, kw: i64, sh: i64, sw: i64, ph: i64, pw: i64, begin, end):
    """The same, where nobody asks for the places."""
    M, H, X = x.shape
    M, PH, PX = y.shape
    some = each(PH, PX)
    for m in range(begin * some, min(end * some, M)):
        for p in range(PH):
            top = p * sh - ph
            row = max(top, 0)
            rows = min(top + kh, H) - row
            line, q = address(x, (m, 0, 0)) + 4 * row * X, i64(0)
            while q < PX:
                column, to = q * sw - pw, address(y, (m, p, q))
                if sw == 1:
                    only_1(line, row, rows, column, X, kw, sw, to, to, PX - q)
                elif sw == 2:
                    only_2(line, row, rows, column, X, kw, sw, to, to, PX - q)
                else:
                    only_n(line, row, rows, column, X, kw, sw, to, to, PX - q)
                q += W


@kernel(out="dx")
def place_grad(dy: f32[M, PH, PX], where: i32[M, PH, PX], dx: f32[M, H, X], begin, end):
    """dx <- at each place the dy of the windows that chose it, else 0."""
    M, PH, PX = dy.shape
    M, H, X = dx.shape
    some = each(PH, PX)
    for m in range(begin * some, min(end * some, M)):
        plane = address(dx, (m, 0, 0))
        fill(plane, 0.0, H * X)
        for p in range(PH):
            for q in range(PX):
                at = i64(where[m, p, q])
                if at >= 0:
                    put(plane + 4 * at, get(plane + 4 * at) + dy[m, p, q])


@kernel(out="y")
def place(where: i32[M, PH, PX], y: f32[M, PH, PX], begin, end):
    """y <- the places, as the second top shows them."""
    M, PH, PX = y.shape
    some = each(PH, PX)
    for m in range(begin * some, min(end * some, M)):
        for p in range(PH):
            for q in range(PX):
                y[m, p, q] = f32(where[m, p, q])
