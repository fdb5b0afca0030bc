"""Maps made larger: numbers put where a mask says (R, A) to (R, B), or each repeated.  A task is a map."""

from protonet.kernels.fault import report
from protonet.kernels.jit import f32, i64, kernel

M, R, A, B, H, W, P, Q = "MRABHWPQ"


@kernel(out="fault")
def check(mask: f32[M], fault: i64[2], places: i64, begin, end):
    """Report the first number that is no place from 0 to places - 1.  One task."""
    bad = 0
    for m in range(mask.shape[0]):
        bad += 0 if mask[m] >= 0.0 and mask[m] < f32(places) else 1
    if bad > 0:
        for m in range(mask.shape[0]):
            if not (mask[m] >= 0.0 and mask[m] < f32(places)):
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
            if mask[r, a] >= 0.0 and mask[r, a] < f32(B):
                y[r, i64(mask[r, a])] = x[r, a]


@kernel(out="dx")
def unpool_grad(dy: f32[R, B], mask: f32[R, A], dx: f32[R, A], begin, end):
    A, B = dx.shape[1], dy.shape[1]
    for r in range(begin, end):
        for a in range(A):
            dx[r, a] = dy[r, i64(mask[r, a])] if mask[r, a] >= 0.0 and mask[r, a] < f32(B) else 0.0


@kernel(out="y")
def nearest(x: f32[R, H, W], y: f32[R, P, Q], sh: i64, sw: i64, factor: f32, begin, end):
    """y[r, p, q] <- factor * x[r, p / sh, q / sw]."""
    _, P, Q = y.shape
    W = x.shape[2]
    for r in range(begin, end):
        for p in range(P):
            h = p // sh
            for w in range(W):
                v = factor * x[r, h, w]
                for q in range(w * sw, min(w * sw + sw, Q)):
                    y[r, p, q] = v


@kernel(out="dx")
def nearest_grad(dy: f32[R, P, Q], dx: f32[R, H, W], sh: i64, sw: i64, factor: f32, begin, end):
    _, H, W = dx.shape
    _, P, Q = dy.shape
    for r in range(begin, end):
        for h in range(H):
            for w in range(W):
                total = f32(0.0)
                for p in range(h * sh, min(h * sh + sh, P)):
                    for q in range(w * sw, min(w * sw + sw, Q)):
                        total += dy[r, p, q]
                dx[r, h, w] = factor * total
