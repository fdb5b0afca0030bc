"""Pooling of planes: the largest of each window, or its mean.  x is M planes of H x X, y of PH x PX; a task
is some planes.

Caffe's rules: a number wins only by being greater, so that the first of equals is it, NaN never is, and a
window of nothing but NaN or -inf, or one wholly outside, gives -FLT_MAX and no place (-1).  A mean divides by
the window's part of the padded map, so a window that begins where the pad ends gives 0 / 0; `inside` counts
the part of the map itself.

W windows of a row are done at once, tap by tap; with stride 2 the taps are the even floats of two vectors.
The limit is the number of instructions, about ten for each tap of W windows.
"""

from protonet.kernels.jit import address, f32, i32, i64, inline, kernel
from protonet.kernels.memory import add_lines, fill, get, put
from protonet.kernels.simd import BYTES, F32, I32, I64, VECTOR, VOID, E, W, intrinsic, ir

M, H, X, PH, PX = "M", "H", "X", "PH", "PX"
LOWEST = -3.4028234663852886e38
COUNT = ir.VectorType(I32, W)
WORK = 4096  # windows a task, at least
ROW = 4096  # floats of a row of sums
PRIVATE = 3 * (4 * ROW + BYTES)  # bytes, for average_grad: shares, phases and sums
FEW = 4  # windows a row: fewer are done one by one


def numbers(start, step):
    return ir.Constant(COUNT, [start + step * i for i in range(W)])


def below(e: E, columns, width):
    """Which columns lie in [0, width): one comparison, as negative ones are large without sign."""
    return e.b.icmp_unsigned("<", columns, e.splat(e.b.trunc(width, I32)))


def part(e: E, address, mask, other):
    """A vector; `other` where the mask is off."""
    name = f"llvm.masked.load.v{W}f32.p0"
    return e.call(name, e.pointer(address, VECTOR), I32(4), mask, e.const(other), result=VECTOR)


def spaced(e: E, line, column, width, stride, step, other):
    """Floats column, column + stride ... of a line of `width`; `other` outside.  stride 0 stands for any: step."""
    place, first = e.b.add(line, e.b.mul(column, e.int(4))), e.splat(e.b.trunc(column, I32))
    if stride:
        vectors = [
            part(e, e.at(place, BYTES * k), below(e, e.b.add(first, numbers(W * k, 1)), width), other)
            for k in range(stride)
        ]
        return vectors[0] if stride == 1 else e.shuffle(vectors[0], vectors[1], list(range(0, 2 * W, 2)))
    offsets = e.b.mul(numbers(0, 1), e.splat(e.b.trunc(step, I32)))
    mask = below(e, e.b.add(first, offsets), width)
    wide = ir.VectorType(I64, W)
    places = e.b.add(e.splat(place), e.b.shl(e.b.sext(offsets, wide), ir.Constant(wide, [2] * W)))
    pointers = e.b.inttoptr(places, ir.VectorType(F32.as_pointer(), W))
    return e.call(f"llvm.masked.gather.v{W}f32.v{W}p0", pointers, I32(4), mask, e.const(other), result=VECTOR)


def over_taps(e: E, line, pitch, rows, column, width, taps, stride, step, other, carried, visit):
    """carried = visit(i, j, vector, carried) over the taps of W windows, row by row."""

    def row(i, carried):
        line, *carried = carried

        def tap(j, carried):
            vector = spaced(e, line, e.b.add(column, j), width, stride, step, other)
            return visit(i, j, vector, carried)

        return [e.b.add(line, pitch), *e.loop(taps, carried, tap)]

    return e.loop(rows, [line, *carried], row)[1:]


def store(e: E, vector, address, n):
    """The first n floats, or int32, of a vector."""
    kind = vector.type
    name = f"llvm.masked.store.v{W}{'f' if kind == VECTOR else 'i'}32.p0"
    with e.b.if_else(e.b.icmp_signed(">=", n, e.int(W))) as (whole, some):
        with whole:
            e.b.store(vector, e.pointer(address, kind), align=4)
        with some:
            e.call(name, vector, e.pointer(address, kind), I32(4), e.mask(n), result=VOID)


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


largest_1, largest_2, largest_n = (largest(stride, True) for stride in (1, 2, 0))
only_1, only_2, only_n = (largest(stride, False) for stride in (1, 2, 0))
mean_1, mean_2, mean_n = (mean(stride) for stride in (1, 2, 0))


@inline
def each(PH, PX):
    """Planes a task."""
    return max(1, WORK // max(1, PH * PX))


def tasks(M, PH, PX):
    return -(-M // each(PH, PX))


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
    for m in range(begin * some, min(end * some, M)):
        for p in range(PH):
            row, stop, high = extent(p, sh, ph, kh, H, bottom, inside)
            line, q = address(x, (m, 0, 0)) + 4 * row * X, i64(0)
            rows, edge = stop - row, X if inside != 0 else X + right
            while q < PX:
                column, to = q * sw - pw, address(y, (m, p, q))
                if PX < FEW:
                    start, last, wide = extent(q, sw, pw, kw, X, right, inside)
                    total = f32(0)
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
