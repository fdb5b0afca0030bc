"""Max pooling where windows are few and wide: vectors lie along a window, where those of pool.py lie across many.

Caffe's rules, as there: the first of equals wins, NaN never does, and a window of nothing else gives -FLT_MAX and no
place (-1).  A task is `group` planes; `cut` counts them.
"""

from protonet.kernels.jit import address, f32, i32, i64, kernel
from protonet.kernels.pool_taps import COUNT, numbers
from protonet.kernels.simd import F32, I32, W, intrinsic, ir

M, H, X, PH, PX = "M", "H", "X", "PH", "PX"
LOWEST = -3.4028234663852886e38
LAST = 2**31 - 1
ENOUGH = 4096  # numbers a task


def fits(PX, kh, kw):
    """Whether this is quicker than lanes that are windows."""
    return PX < 4 and kh * kw >= 32


def cut(M, H, X):
    """(planes a task, tasks)."""
    group = max(1, ENOUGH // max(1, H * X))
    return group, -(-M // group)


@intrinsic
def largest(e, line, pitch, rows, n, start, width, y, where):
    """y, where <- the first of the largest of rows x n numbers, and its place; rows lie `pitch` bytes apart."""
    b, most = e.b, e.int(W - 1)
    lanes, none = numbers(0, 1), ir.Constant(COUNT, [LAST] * W)

    def row(i, carried):
        line, start, *carried = carried

        def vector(j, carried):
            best, place, offset = carried
            within = e.mask(b.sub(n, offset))
            v = e.load_masked(b.add(line, b.mul(offset, e.int(4))), within)
            wins = b.and_(within, b.fcmp_ordered(">", v, best))
            at = b.add(e.splat(b.trunc(b.add(start, offset), I32)), lanes)
            return [b.select(wins, v, best), b.select(wins, at, place), e.at(offset, W)]

        vectors = b.ashr(b.add(n, most), e.int(W.bit_length() - 1))
        best, place, _ = e.loop(vectors, [*carried, e.int(0)], vector)
        return [b.add(line, pitch), b.add(start, width), best, place]

    first = [line, start, e.const(LOWEST), ir.Constant(COUNT, [-1] * W)]
    _, _, best, place = e.loop(rows, first, row)
    top = e.call(f"llvm.vector.reduce.fmax.v{W}f32", best, result=F32)
    place = b.select(b.fcmp_ordered("==", best, e.splat(top)), place, none)
    b.store(top, e.pointer(y), align=4)
    b.store(e.call(f"llvm.vector.reduce.smin.v{W}i32", place, result=I32), e.pointer(where, I32), align=4)


@kernel(out="y where")
def max_wide(
    x: f32[M, H, X], y: f32[M, PH, PX], where: i32[M, PH, PX],
    kh: i64, kw: i64, sh: i64, sw: i64, ph: i64, pw: i64, group: i64, begin, end,
):  # fmt: skip
    """y <- the largest of each window; where <- its place h * X + w, or -1."""
    M, H, X = x.shape
    M, PH, PX = y.shape
    for m in range(begin * group, min(end * group, M)):
        for p in range(PH):
            top, bottom = max(p * sh - ph, 0), min(p * sh - ph + kh, H)
            for q in range(PX):
                left, right = max(q * sw - pw, 0), min(q * sw - pw + kw, X)
                rows, n, start = bottom - top, right - left, top * X + left
                if n == X:  # whole rows, one behind the other
                    rows, n = min(rows, 1), rows * n
                line = address(x, (m, 0, 0)) + 4 * start
                largest(line, 4 * X, rows, n, start, X, address(y, (m, p, q)), address(where, (m, p, q)))
