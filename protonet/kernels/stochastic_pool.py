"""Stochastic pooling of planes.  arXiv:1301.3557

In training a window gives one of its numbers, drawn with a probability in proportion to it: the first at
which the running sum reaches r times the whole sum, r uniform in [0, 1).  In testing it gives their mean
under these probabilities, sum x^2 / sum x. Meant for numbers >= 0, as after ReLU; windows are clipped to the
map.  x is M planes of H x X; a task is a plane.
"""

from protonet.kernels.jit import f32, i32, i64, kernel

M, H, X, PH, PX = "M", "H", "X", "PH", "PX"
SMALLEST = 1.1754943508222875e-38  # Caffe's start of the sum: a window of zeros gives 0


@kernel(out="y where")
def draw(
    x: f32[M, H, X], r: f32[M, PH, PX], y: f32[M, PH, PX], where: i32[M, PH, PX],
    kh: i64, kw: i64, sh: i64, sw: i64, begin, end,
):  # fmt: skip
    """y <- the number that r chooses of each window; where <- its place h * X + w (no number: 0 and -1)."""
    M, H, X = x.shape
    M, PH, PX = y.shape
    for m in range(begin, end):
        for p in range(PH):
            for q in range(PX):
                h0, w0 = p * sh, q * sw
                h1, w1 = min(h0 + kh, H), min(w0 + kw, X)
                whole = f32(0)
                for h in range(h0, h1):
                    for w in range(w0, w1):
                        whole += x[m, h, w]
                limit, total, value, place = r[m, p, q] * whole, f32(0), f32(0), i64(-1)
                chosen = i64(0)
                for h in range(h0, h1):
                    for w in range(w0, w1):
                        total += x[m, h, w]
                        if chosen == 0:  # without an end the last one stays
                            value, place = x[m, h, w], h * X + w
                            chosen = i64(1) if total >= limit else i64(0)
                y[m, p, q], where[m, p, q] = value, i32(place)


@kernel(out="y")
def expect(x: f32[M, H, X], y: f32[M, PH, PX], kh: i64, kw: i64, sh: i64, sw: i64, begin, end):
    """y <- sum of x^2 / sum of x."""
    M, H, X = x.shape
    M, PH, PX = y.shape
    for m in range(begin, end):
        for p in range(PH):
            for q in range(PX):
                squares, total = f32(0), f32(SMALLEST)
                for h in range(p * sh, min(p * sh + kh, H)):
                    for w in range(q * sw, min(q * sw + kw, X)):
                        squares += x[m, h, w] * x[m, h, w]
                        total += x[m, h, w]
                y[m, p, q] = squares / total


@kernel(out="dx")
def expect_grad(
    x: f32[M, H, X], y: f32[M, PH, PX], dy: f32[M, PH, PX], dx: f32[M, H, X],
    kh: i64, kw: i64, sh: i64, sw: i64, begin, end,
):  # fmt: skip
    """dx <- the sum over windows of dy * (2 x - y) / sum of x."""
    M, H, X = x.shape
    M, PH, PX = y.shape
    for m in range(begin, end):
        for h in range(H):
            for w in range(X):
                dx[m, h, w] = 0.0
        for p in range(PH):
            for q in range(PX):
                total, mean = f32(SMALLEST), y[m, p, q]
                for h in range(p * sh, min(p * sh + kh, H)):
                    for w in range(q * sw, min(q * sw + kw, X)):
                        total += x[m, h, w]
                factor = dy[m, p, q] / total
                for h in range(p * sh, min(p * sh + kh, H)):
                    for w in range(q * sw, min(q * sw + kw, X)):
                        dx[m, h, w] += factor * (2.0 * x[m, h, w] - mean)
