"""Pooling of regions: rois (R, 5) are rows of image, x0, y0, x1, y1, in pixels of the image; x is N x C x H x X.

Of a region that names no image nothing is read, and `check` reports it.  Forward, a task is a region; backward, a
channel of x, so that regions of one image add up in their order.
"""

from protonet.kernels.bits import floor
from protonet.kernels.fault import report
from protonet.kernels.jit import f32, i32, i64, inline, kernel

R, N, C, H, X, D, PH, PX = "R", "N", "C", "H", "X", "D", "PH", "PX"
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
    return min(max(i64(v), 0), most)


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


@kernel(out="y where")
def roi_pool(
    x: f32[N, C, H, X], rois: f32[R, 5], y: f32[R, C, PH, PX], where: i32[R, C, PH, PX], scale: f32, begin, end
):  # fmt: skip
    """y <- the largest of each bin of a region, 0 where it is empty; where <- its place in the plane, or -1."""
    N, C, H, X = x.shape
    R, C, PH, PX = y.shape
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
                if n < 0 or bottom <= top or right <= left:
                    for c in range(C):
                        y[r, c, ph, pw], where[r, c, ph, pw] = 0.0, i32(-1)
                else:
                    for c in range(C):
                        best, place = f32(LOWEST), i64(-1)
                        for i in range(top, bottom):
                            for j in range(left, right):
                                if x[n, c, i, j] > best:
                                    best, place = x[n, c, i, j], i * X + j
                        y[r, c, ph, pw], where[r, c, ph, pw] = best, i32(place)


@kernel(out="dx")
def roi_pool_grad(
    dy: f32[R, C, PH, PX], where: i32[R, C, PH, PX], rois: f32[R, 5], dx: f32[N, C, H, X], begin, end
):  # fmt: skip
    """dx <- dy where the largest was."""
    N, C, H, X = dx.shape
    R, C, PH, PX = dy.shape
    for c in range(begin, end):
        for n in range(N):
            for i in range(H):
                for j in range(X):
                    dx[n, c, i, j] = 0.0
        for r in range(R):
            n = image(rois[r, 0], N)
            for ph in range(PH):
                for pw in range(PX):
                    place = i64(where[r, c, ph, pw])
                    if n >= 0 and place >= 0:
                        i = place // X
                        dx[n, c, i, place - i * X] += dy[r, c, ph, pw]


@inline
def part(roi, r, low, P, p, scale, most):
    """(first, last) of bin p of P along an axis of a region, whose ends are columns low and low + 2."""
    first = nearest(roi[r, low]) * scale
    size = max((nearest(roi[r, low + 2]) + 1.0) * scale - first, 0.1) / f32(P)
    return bounded(floor(f32(p) * size + first), most), bounded(ceil(f32(p + 1) * size + first), most)


@kernel(out="y")
def psroi_pool(x: f32[N, C, H, X], rois: f32[R, 5], y: f32[R, D, PH, PX], scale: f32, begin, end):
    """y[r, d, ph, pw] <- the mean of bin (ph, pw) of channel (d, ph, pw) of x; 0 where the bin is empty."""
    N, C, H, X = x.shape
    R, D, PH, PX = y.shape
    for r in range(begin, end):
        n = image(rois[r, 0], N)
        for ph in range(PH):
            top, bottom = part(rois, r, 2, PH, ph, scale, H)
            for pw in range(PX):
                left, right = part(rois, r, 1, PX, pw, scale, X)
                count = f32((bottom - top) * (right - left))
                for d in range(D):
                    total, c = f32(0), (d * PH + ph) * PX + pw
                    if n >= 0 and bottom > top and right > left:
                        for i in range(top, bottom):
                            for j in range(left, right):
                                total += x[n, c, i, j]
                        total /= count
                    y[r, d, ph, pw] = total


@kernel(out="dx")
def psroi_pool_grad(dy: f32[R, D, PH, PX], rois: f32[R, 5], dx: f32[N, C, H, X], scale: f32, begin, end):
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
            n = image(rois[r, 0], N)
            top, bottom = part(rois, r, 2, PH, ph, scale, H)
            left, right = part(rois, r, 1, PX, pw, scale, X)
            if n >= 0 and bottom > top and right > left:
                share = dy[r, d, ph, pw] / f32((bottom - top) * (right - left))
                for i in range(top, bottom):
                    for j in range(left, right):
                        dx[n, c, i, j] += share
