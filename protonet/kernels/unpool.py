"""Maps made larger: numbers put where a mask says (R, A) to (R, B), or each repeated.  A task is a map."""

from protonet.kernels.fault import report
from protonet.kernels.jit import address, f32, i64, inline, kernel
from protonet.kernels.memory import copy

M, R, A, B, H, W, P, Q = "MRABHWPQ"
LARGE = 2.0**62


@inline
def index(m):
    """As an integer, of any size; NaN and what is less than 0 are 0."""
    return i64(min(max(0.0, m), LARGE))


@inline
def inside(m, places):
    return m >= 0.0 and index(m) < places


@kernel(out="fault")
def check(mask: f32[M], fault: i64[2], places: i64, begin, end):
    """Report the first number that is no place from 0 to places - 1.  One task."""
    bad = 0
    for m in range(mask.shape[0]):
        bad += 0 if inside(mask[m], places) else 1
    if bad > 0:
        for m in range(mask.shape[0]):
            if not inside(mask[m], places):
                report(fault, m, mask[m])
                break


@kernel(out="y")
def unpool(x: f32[R, A], mask: f32[R, A], y: f32[R, B], begin, end):
    """y[r, mask[r, a]] <- x[r, a], elsewhere 0; of several the last."""
    A, B = x.shape[1], y.shape[1]
    for r in range(begin, end):
        for b in range(B):
            y[r, b] = 0.0
        for a in range(A):
            if inside(mask[r, a], B):
                y[r, index(mask[r, a])] = x[r, a]


@kernel(out="dx")
def unpool_grad(dy: f32[R, B], mask: f32[R, A], dx: f32[R, A], begin, end):
    A, B = dx.shape[1], dy.shape[1]
    for r in range(begin, end):
        if B == 0:
            for a in range(A):
                dx[r, a] = 0.0
            continue
        for a in range(A):  # something inside is read for each, so that LLVM makes vectors
            here = dy[r, min(index(mask[r, a]), B - 1)]
            dx[r, a] = here if inside(mask[r, a], B) else 0.0


@kernel(out="y")
def nearest(x: f32[R, H, W], y: f32[R, P, Q], sh: i64, sw: i64, factor: f32, begin, end):
    """y[r, p, q] <- factor * x[r, p / sh, q / sw]."""
    _, P, Q = y.shape
    _, H, W = x.shape
    whole = min(Q // sw, W)  # numbers that are not cut off
    for r in range(begin, end):
        for h in range(H):
            first, last = h * sh, min(h * sh + sh, P)
            if last > first:
                if sw == 2:  # the compiler makes vectors of pairs
                    for w in range(whole):
                        v = factor * x[r, h, w]
                        y[r, first, 2 * w] = v
                        y[r, first, 2 * w + 1] = v
                else:
                    for w in range(whole):
                        v = factor * x[r, h, w]
                        for k in range(sw):
                            y[r, first, w * sw + k] = v
                for w in range(whole, W):
                    for q in range(w * sw, min(w * sw + sw, Q)):
                        y[r, first, q] = factor * x[r, h, w]
            for p in range(first + 1, last):
                copy(address(y, (r, p, 0)), address(y, (r, first, 0)), Q)


@kernel(out="dx")
def nearest_grad(dy: f32[R, P, Q], dx: f32[R, H, W], sh: i64, sw: i64, factor: f32, begin, end):
    _, H, W = dx.shape
    _, P, Q = dy.shape
    whole = min(Q // sw, W)  # numbers whose share is not cut off
    for r in range(begin, end):
        for h in range(H):
            first, last = h * sh, min(h * sh + sh, P)
            for w in range(W):
                dx[r, h, w] = 0.0
            for p in range(first, last):
                if sw == 2:  # the compiler makes vectors of pairs
                    for w in range(whole):
                        dx[r, h, w] += dy[r, p, 2 * w] + dy[r, p, 2 * w + 1]
                else:
                    for k in range(sw):
                        for w in range(whole):
                            dx[r, h, w] += dy[r, p, w * sw + k]
                for w in range(whole, W):
                    for q in range(w * sw, min(w * sw + sw, Q)):
                        dx[r, h, w] += dy[r, p, q]
            for w in range(W):
                dx[r, h, w] *= factor
