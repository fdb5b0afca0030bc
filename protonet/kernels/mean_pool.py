"""Average pooling of planes: x is M planes of H x X, y of PH x PX; a task is some planes.

A mean divides by the window's part of the padded map, so a window that begins where the pad ends gives 0 / 0;
with `inside` it counts the part of the map itself.  `bottom` and `right` are the pads there.
"""

from protonet.kernels.jit import address, f32, i64, inline, kernel
from protonet.kernels.memory import add_lines, fill, get, put
from protonet.kernels.pool_taps import each, numbers, over_taps, store
from protonet.kernels.simd import BYTES, I32, VECTOR, E, W, intrinsic

M, H, X, PH, PX = "M", "H", "X", "PH", "PX"
ROW = 4096  # floats of a row of sums
PRIVATE = 3 * (4 * ROW + BYTES)  # bytes, for average_grad: shares, phases and sums
FEW = 4  # windows a row: fewer are done one by one


def counts(e: E, high, column, end, inside, taps, step):
    """What W windows count: `high` rows of their columns up to `end`, and from 0 if `inside`."""
    narrow = lambda n: e.splat(e.b.trunc(n, I32))  # noqa: E731
    first = e.b.add(narrow(column), e.b.mul(numbers(0, 1), narrow(step)))
    last = e.b.add(first, narrow(taps))
    last = e.b.select(e.b.icmp_signed("<", last, narrow(end)), last, narrow(end))
    negative = e.b.icmp_signed("<", first, numbers(0, 0))
    clip = e.b.and_(negative, e.splat(e.b.icmp_signed("!=", inside, e.int(0))))
    first = e.b.select(clip, numbers(0, 0), first)
    return e.b.sitofp(e.b.mul(e.b.sub(last, first), narrow(high)), VECTOR)


def mean(stride):
    """An intrinsic: y[:n] <- the mean of each window, of `high` rows, and columns up to `end` (inside: within
    the map)."""

    @intrinsic
    def mean(e, line, rows, high, column, width, end, inside, taps, step, y, n):
        pitch = e.b.mul(width, e.int(4))
        (total,) = over_taps(
            e, line, pitch, rows, column, width, taps, stride, step, 0.0, [e.const(0)],
            lambda i, j, vector, carried: [e.b.fadd(carried[0], vector)],
        )  # fmt: skip
        store(e, e.b.fdiv(total, counts(e, high, column, end, inside, taps, step)), y, n)

    return mean


@intrinsic
def share(e, dy, high, column, end, inside, taps, step, to, n):
    """to[:W] <- dy[:n] / what the windows count, then zeros."""
    kept, zero = e.mask(n), e.const(0)
    shares = e.b.fdiv(e.load_masked(dy, kept), counts(e, high, column, end, inside, taps, step))
    e.store(e.b.select(kept, shares, zero), to)


mean_1, mean_2, mean_n = (mean(stride) for stride in (1, 2, 0))


def sums(count):
    """An intrinsic: y[i] <- the sum of x[i, :n] / numbers for i < count; rows of x lie `pitch` bytes apart.

    Several at once hide how long each takes.
    """

    @intrinsic
    def sums(e, x, pitch, n, numbers: f32, y):
        whole = e.b.ashr(n, e.int(W.bit_length() - 1))
        rest = e.mask(e.b.sub(n, e.b.mul(whole, e.int(W))))
        rows = [e.b.add(x, e.b.mul(pitch, e.int(i))) for i in range(count)]

        def vector(k, carried):
            offset, *totals = carried
            parts = [e.load(e.b.add(row, offset)) for row in rows]
            return [e.at(offset, BYTES), *map(e.b.fadd, totals, parts)]

        offset, *totals = e.loop(whole, [e.int(0), *[e.const(0)] * count], vector)
        for i, (row, total) in enumerate(zip(rows, totals, strict=True)):
            total = e.b.fadd(total, e.load_masked(e.b.add(row, offset), rest))
            e.b.store(e.b.fdiv(e.sum(total), numbers), e.pointer(y, offset=4 * i), align=4)

    return sums


one_sum, four_sums = sums(1), sums(4)


@inline
def extent(p, stride, pad, size, length, after, inside):
    """(start, end) of window p in the map, and what it counts along this axis."""
    first = p * stride - pad
    last = min(first + size, length + after)
    start, stop = max(first, 0), min(last, length)
    return start, stop, stop - start if inside != 0 else last - first


@kernel(out="y")
def average(
    x: f32[M, H, X], y: f32[M, PH, PX], kh: i64, kw: i64, sh: i64, sw: i64,
    ph: i64, pw: i64, bottom: i64, right: i64, inside: i64, begin, end,
):  # fmt: skip
    """y <- the mean of each window.  bottom, right: the pads there."""
    M, H, X = x.shape
    M, PH, PX = y.shape
    some = each(PH, PX)
    begun = begin * some
    if PH * PX == 1 and ph == 0 and pw == 0 and kh == H and kw == X:
        while begun + 4 <= min(end * some, M):
            four_sums(address(x, (begun, 0, 0)), 4 * H * X, H * X, f32(H * X), address(y, (begun, 0, 0)))
            begun += 4
    for m in range(begun, min(end * some, M)):
        for p in range(PH):
            row, stop, high = extent(p, sh, ph, kh, H, bottom, inside)
            line, q = address(x, (m, 0, 0)) + 4 * row * X, i64(0)
            rows, edge = stop - row, X if inside != 0 else X + right
            while q < PX:
                column, to = q * sw - pw, address(y, (m, p, q))
                if PX < FEW:
                    start, last, wide = extent(q, sw, pw, kw, X, right, inside)
                    total = f32(0)
                    if start == 0 and last == X:  # whole rows, one behind the other
                        one_sum(line, 0, (stop - row) * X, f32(high * wide), to)
                    else:
                        for h in range(row, stop):
                            for w in range(start, last):
                                total += x[m, h, w]
                        y[m, p, q] = total / f32(high * wide)
                elif sw == 1:
                    mean_1(line, rows, high, column, X, edge, inside, kw, sw, to, PX - q)
                elif sw == 2:
                    mean_2(line, rows, high, column, X, edge, inside, kw, sw, to, PX - q)
                else:
                    mean_n(line, rows, high, column, X, edge, inside, kw, sw, to, PX - q)
                q += 1 if PX < FEW else W


@kernel(out="dx")
def average_grad(
    dy: f32[M, PH, PX], dx: f32[M, H, X], kh: i64, kw: i64, sh: i64, sw: i64,
    ph: i64, pw: i64, bottom: i64, right: i64, inside: i64, begin, end, memory,
):  # fmt: skip
    """dx <- each window's dy, shared out among what it counts."""
    M, PH, PX = dy.shape
    M, H, X = dx.shape
    some, shares = each(PH, PX), memory
    phases, sums = memory + PRIVATE // 3, memory + 2 * PRIVATE // 3
    longest = (kw - 1) // sw + 1  # taps of one phase
    few = min(ROW // sw, ROW) - longest  # windows done at once
    for m in range(begin * some, min(end * some, M)):
        plane = address(dx, (m, 0, 0))
        fill(plane, 0.0, H * X)
        for p in range(PH):
            row, stop, high = extent(p, sh, ph, kh, H, bottom, inside)
            if PX < FEW or few < 1:
                for q in range(PX):
                    start, last, wide = extent(q, sw, pw, kw, X, right, inside)
                    each_share = dy[m, p, q] / f32(high * wide)
                    for h in range(row, stop):
                        for w in range(start, last):
                            dx[m, h, w] += each_share
            else:
                q = i64(0)
                while q < PX:
                    n = min(few, PX - q)
                    k = i64(0)
                    while k < n:
                        at, column = address(dy, (m, p, q + k)), (q + k) * sw - pw
                        edge = X if inside != 0 else X + right
                        share(at, high, column, edge, inside, kw, sw, shares + 4 * k, n - k)
                        k += W
                    line = n + longest - 1
                    fill(phases, 0.0, sw * line)
                    for j in range(kw):
                        add_lines(phases + 4 * (j % sw * line + j // sw), 0, shares, 0, n, 1)
                    woven = weave(sums, phases, line, sw)
                    left = q * sw - pw
                    first, last = max(left, 0), min(left + (n - 1) * sw + kw, X)
                    if first < last:
                        to, source = plane + 4 * (row * X + first), woven + 4 * (first - left)
                        add_lines(to, 4 * X, source, 0, last - first, stop - row)
                    q += few


@inline
def weave(to, phases, line, stride):
    """The row whose every stride-th float is a phase's next; where it lies."""
    if stride == 1:
        return phases
    for f in range(stride):
        for k in range(line):
            put(to + 4 * (k * stride + f), get(phases + 4 * (f * line + k)))
    return to
