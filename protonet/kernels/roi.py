"""Pooling of regions: rois (R, 5) are rows of image, x0, y0, x1, y1, in pixels of the image; x is N x C x H x X.

Of a region that names no image nothing is read, and `check` reports it.  Backward, a task is a channel of x, so that
regions of one image add up in their order.
"""

from protonet.kernels.bits import float_of_bits, floor
from protonet.kernels.fault import report
from protonet.kernels.jit import address, f32, i32, i64, inline, kernel
from protonet.kernels.memory import fill
from protonet.kernels.simd import BYTES, I32, VECTOR, W, intrinsic, ir
from protonet.kernels.turn import flip

R, N, C, H, X, D, S, A, PH, PX = "R", "N", "C", "H", "X", "D", "S", "A", "PH", "PX"
COUNT = ir.VectorType(I32, W)
LOWEST = -3.4028234663852886e38
FAR = 1e6  # no map is as large: what lies beyond, or is no number, is as good as outside


@inline
def nearest(v):
    """The nearest whole number, as a float; halves away from 0."""
    v = min(max(v, -FAR), FAR) if v == v else f32(0)
    return floor(v + 0.5) if v >= 0.0 else -floor(0.5 - v)


@inline
def image(roi, images):
    """The image that a region names, or -1."""
    return i64(roi) if roi >= 0.0 and roi < f32(images) else i64(-1)


@inline
def bounded(v, most):
    """A whole number, from 0 to most.  Bounded as a float: an infinity, or what no int holds, may be made no int of."""
    return i64(v) if v >= 0.0 and v < f32(most) else (most if v > 0.0 else i64(0))


@inline
def ceil(v):
    return -floor(-v)


@kernel(out="fault")
def check(rois: f32[R, 5], fault: i64[2], images: i64, begin, end):
    """Report the first region whose image is not in the batch.  One task."""
    for r in range(rois.shape[0]):
        if image(rois[r, 0], images) < 0:
            report(fault, r, rois[r, 0])
            break


@intrinsic
def bin_of(e, x, pitch, rows, columns, C, place, width, y, where):
    """y[:C], where[:C] <- the largest of x (rows, columns, C), whose rows lie `pitch` bytes apart, and its place."""
    b, line = e.b, e.b.mul(C, e.int(4))
    lowest, none = e.const(LOWEST), ir.Constant(COUNT, [-1] * W)

    def channels(k, carried):
        offset, left = carried
        mask = e.mask(left)

        def row(i, carried):
            at, place, *carried = carried

            def column(j, carried):
                at, place, best, where = carried
                v = e.load_masked(at, mask)
                wins = b.fcmp_ordered(">", v, best)
                where = b.select(wins, e.splat(b.trunc(place, I32)), where)
                return [b.add(at, line), e.at(place, 1), b.select(wins, v, best), where]

            _, _, *carried = e.loop(columns, [at, place, *carried], column)
            return [b.add(at, pitch), b.add(place, width), *carried]

        _, _, best, found = e.loop(rows, [b.add(x, offset), place, lowest, none], row)
        e.store_masked(best, b.add(y, offset), mask)
        e.store_masked(b.bitcast(found, VECTOR), b.add(where, offset), mask)
        return [e.at(offset, BYTES), b.sub(left, e.int(W))]

    e.loop(b.ashr(b.add(C, e.int(W - 1)), e.int(W.bit_length() - 1)), [e.int(0), C], channels)


def private(C, bins):
    """Bytes of memory of its own that roi_pool takes."""
    return 8 * C * bins


@kernel(out="y where")
def roi_pool(
    x: f32[N, H, X, C], rois: f32[R, 5], y: f32[R, C, PH, PX], where: i32[R, C, PH, PX], scale: f32, begin, end, memory
):  # fmt: skip
    """y <- the largest of each bin of a region, 0 where it is empty; where <- its place in the plane, or -1.

    Channels are the last axis of x, so that vectors lie along them; the bins of a region are made so, and turned.
    """
    N, H, X, C = x.shape
    R, C, PH, PX = y.shape
    bins = PH * PX
    places = memory + 4 * C * bins
    for r in range(begin, end):
        n = image(rois[r, 0], N)
        x0, y0 = i64(nearest(rois[r, 1] * scale)), i64(nearest(rois[r, 2] * scale))
        wide = max(i64(nearest(rois[r, 3] * scale)) - x0 + 1, 1)
        high = max(i64(nearest(rois[r, 4] * scale)) - y0 + 1, 1)
        bin_h, bin_w = f32(high) / f32(PH), f32(wide) / f32(PX)
        for ph in range(PH):
            top, bottom = bounded(floor(f32(ph) * bin_h) + f32(y0), H), bounded(ceil(f32(ph + 1) * bin_h) + f32(y0), H)
            for pw in range(PX):
                left = bounded(floor(f32(pw) * bin_w) + f32(x0), X)
                right = bounded(ceil(f32(pw + 1) * bin_w) + f32(x0), X)
                to = 4 * C * (ph * PX + pw)
                if n < 0 or bottom <= top or right <= left:
                    fill(memory + to, 0.0, C)
                    fill(places + to, float_of_bits(i32(-1)), C)
                else:
                    at = address(x, (n, top, left, 0))
                    first, rows, columns = top * X + left, bottom - top, right - left
                    bin_of(at, 4 * X * C, rows, columns, C, first, X, memory + to, places + to)
        flip(address(y, (r, 0, 0, 0)), 4 * bins, memory, 4 * C, bins, C)
        flip(address(where, (r, 0, 0, 0)), 4 * bins, places, 4 * C, bins, C)


@kernel(out="dx")
def roi_pool_grad(
    dy: f32[R, C, S], where: i32[R, C, S], rois: f32[R, 5], dx: f32[N, C, A], begin, end
):  # fmt: skip
    """dx <- dy where the largest was."""
    N, C, A = dx.shape
    R, C, S = dy.shape
    for c in range(begin, end):
        for n in range(N):
            for a in range(A):
                dx[n, c, a] = 0.0
        for r in range(R):
            n = image(rois[r, 0], N)
            if n >= 0:
                for s in range(S):
                    place = i64(where[r, c, s])
                    if place >= 0:
                        dx[n, c, place] += dy[r, c, s]


@inline
def part(roi, r, low, P, p, scale, most):
    """(first, last) of bin p of P along an axis of a region, whose ends are columns low and low + 2."""
    first = nearest(roi[r, low]) * scale
    size = max((nearest(roi[r, low + 2]) + 1.0) * scale - first, 0.1) / f32(P)
    return bounded(floor(f32(p) * size + first), most), bounded(ceil(f32(p + 1) * size + first), most)


@kernel(out="rows columns")
def parts(
    rois: f32[R, 5], rows: i64[R, PH, 2], columns: i64[R, PX, 2], scale: f32, N: i64, H: i64, X: i64, begin, end
):  # fmt: skip
    """Where the bins of each region lie, (first, last) along both axes; rows are empty if it names none of N images."""
    for r in range(begin, end):
        there = image(rois[r, 0], N) >= 0
        for p in range(rows.shape[1]):
            first, last = part(rois, r, 2, rows.shape[1], p, scale, H)
            rows[r, p, 0], rows[r, p, 1] = first, last if there else first
        for p in range(columns.shape[1]):
            columns[r, p, 0], columns[r, p, 1] = part(rois, r, 1, columns.shape[1], p, scale, X)


@kernel(out="y")
def psroi_pool(
    x: f32[N, C, H, X], rois: f32[R, 5], rows: i64[R, PH, 2], columns: i64[R, PX, 2], y: f32[R, D, PH, PX], begin, end
):  # fmt: skip
    """y[r, d, ph, pw] <- the mean of bin (ph, pw) of channel (d, ph, pw) of x; 0 where the bin is empty.

    A task is a channel: its plane stays at hand for all regions.
    """
    N = x.shape[0]
    R, D, PH, PX = y.shape
    for c in range(begin, end):
        d, ph, pw = c // (PH * PX), c // PX % PH, c % PX
        for r in range(R):
            top, bottom, left, right = rows[r, ph, 0], rows[r, ph, 1], columns[r, pw, 0], columns[r, pw, 1]
            total = f32(0)
            if bottom > top and right > left:
                n = max(image(rois[r, 0], N), 0)
                for i in range(top, bottom):
                    for j in range(left, right):
                        total += x[n, c, i, j]
                total /= f32((bottom - top) * (right - left))
            y[r, d, ph, pw] = total


@kernel(out="dx")
def psroi_pool_grad(
    dy: f32[R, D, PH, PX], rois: f32[R, 5], rows: i64[R, PH, 2], columns: i64[R, PX, 2], dx: f32[N, C, H, X], begin, end
):  # fmt: skip
    """dx <- dy, shared out over the bin that it is the mean of."""
    N, C, H, X = dx.shape
    R, D, PH, PX = dy.shape
    for c in range(begin, end):
        for n in range(N):
            for i in range(H):
                for j in range(X):
                    dx[n, c, i, j] = 0.0
        d, ph, pw = c // (PH * PX), c // PX % PH, c % PX
        for r in range(R):
            top, bottom, left, right = rows[r, ph, 0], rows[r, ph, 1], columns[r, pw, 0], columns[r, pw, 1]
            if bottom > top and right > left:
                n = max(image(rois[r, 0], N), 0)
                share = dy[r, d, ph, pw] / f32((bottom - top) * (right - left))
                for i in range(top, bottom):
                    for j in range(left, right):
                        dx[n, c, i, j] += share
