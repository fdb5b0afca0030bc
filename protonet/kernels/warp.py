"""Regions warped to one size: each bin the largest of what is read, between the pixels, at a grid of places in it.

rois (R, 5) are rows of image, x0, y0, x1, y1, in pixels of the image; x is N x H x X x C, with channels last, so that
vectors lie along them.  A bin's places are (r + 1) x (s + 1), its edges among them: r and s are the bin's size rounded
up, at most MOST maps of it.  `where` is the number of the place that was largest, -1 where none lay in the map.
"""

from protonet.kernels.bits import floor
from protonet.kernels.jit import f32, i32, i64, inline, kernel
from protonet.kernels.roi import bounded, image, nearest

R, N, C, H, X, PH, PX = "R", "N", "C", "H", "X", "PH", "PX"
LOWEST = -3.4028234663852886e38
MOST = 4  # a region of nonsense is not read for ever


@inline
def spread(rois, r, low, P, scale):
    """(first, size of a bin, steps in it) along an axis of a region, whose ends are columns low and low + 2."""
    first = nearest(rois[r, low] * scale)
    size = max(nearest(rois[r, low + 2] * scale) - first, 0.0) / f32(P)
    return first, size, i64(-floor(-size))


@inline
def place(first, size, p, k, steps):
    """Place k of bin p."""
    part = f32(k) / f32(steps) if steps > 0 else f32(0)
    return first + (f32(p) + part) * size


@inline
def within(at, n):
    return n > 0 and at >= -0.5 and at <= f32(n) - 0.5


@inline
def pixels(at, n):
    """(pixel, the next, its share) of a place along an axis of n pixels."""
    low = bounded(floor(max(at, 0.0)), n - 1)
    high = min(low + 1, n - 1)
    return low, high, max(at, 0.0) - f32(low) if high > low else f32(0)


@kernel(out="y where")
def warp(
    x: f32[N, H, X, C], rois: f32[R, 5], y: f32[R, PH, PX, C], where: i32[R, PH, PX, C], scale: f32, begin, end
):  # fmt: skip
    """y <- the largest of each bin, 0 where it is outside; a task is a region."""
    N, H, X, C = x.shape
    R, PH, PX, C = y.shape
    for r in range(begin, end):
        n = image(rois[r, 0], N)
        top, high, rows = spread(rois, r, 2, PH, scale)
        left, wide, columns = spread(rois, r, 1, PX, scale)
        rows, columns = min(rows, MOST * H), min(columns, MOST * X)
        for ph in range(PH):
            for pw in range(PX):
                for c in range(C):
                    y[r, ph, pw, c], where[r, ph, pw, c] = LOWEST, i32(-1)
                for i in range(rows + 1):
                    for j in range(columns + 1):
                        v, u = place(top, high, ph, i, rows), place(left, wide, pw, j, columns)
                        if n >= 0 and within(v, H) and within(u, X):
                            h0, h1, b = pixels(v, H)
                            w0, w1, a = pixels(u, X)
                            here = i32(i * (columns + 1) + j)
                            for c in range(C):
                                upper = x[n, h0, w0, c] * (1.0 - a) + x[n, h0, w1, c] * a
                                lower = x[n, h1, w0, c] * (1.0 - a) + x[n, h1, w1, c] * a
                                found = upper * (1.0 - b) + lower * b
                                wins = found > y[r, ph, pw, c]
                                y[r, ph, pw, c] = found if wins else y[r, ph, pw, c]
                                where[r, ph, pw, c] = here if wins else where[r, ph, pw, c]
                for c in range(C):
                    y[r, ph, pw, c] = 0.0 if where[r, ph, pw, c] < 0 else y[r, ph, pw, c]


@kernel(out="dx")
def warp_grad(
    dy: f32[R, C, PH, PX], where: i32[R, PH, PX, C], rois: f32[R, 5], dx: f32[N, C, H, X], scale: f32, begin, end
):  # fmt: skip
    """dx <- dy, shared out over the pixels that its place lies between; a task is a channel."""
    N, C, H, X = dx.shape
    R, C, PH, PX = dy.shape
    for c in range(begin, end):
        for n in range(N):
            for h in range(H):
                for w in range(X):
                    dx[n, c, h, w] = 0.0
        for r in range(R):
            n = image(rois[r, 0], N)
            top, high, rows = spread(rois, r, 2, PH, scale)
            left, wide, columns = spread(rois, r, 1, PX, scale)
            rows, columns = min(rows, MOST * H), min(columns, MOST * X)
            for ph in range(PH):
                for pw in range(PX):
                    at = i64(where[r, ph, pw, c])
                    if n >= 0 and at >= 0:
                        h0, h1, b = pixels(place(top, high, ph, at // (columns + 1), rows), H)
                        w0, w1, a = pixels(place(left, wide, pw, at % (columns + 1), columns), X)
                        d = dy[r, c, ph, pw]
                        dx[n, c, h0, w0] += d * (1.0 - b) * (1.0 - a)
                        dx[n, c, h0, w1] += d * (1.0 - b) * a
                        dx[n, c, h1, w0] += d * b * (1.0 - a)
                        dx[n, c, h1, w1] += d * b * a
