"""Maps (R, H, W) read between their numbers: y at (h, w) is x at (ah * h + bh, aw * w + bw).  A task is a map.

Where the numbers of an axis are read is the same for all maps, and `places` finds it once: `low`, the number before;
`share`, how far on it is; and `first`: first[i] places of y lie before number i, so that a gradient is a sum over a
range.  Rows are mixed first, in vectors, and then read along.  Beyond the last row and column lie zeros, or, if
`clamp`, more of the same.
"""

from protonet.kernels.bits import floor
from protonet.kernels.jit import f32, i64, kernel

R, H, W, P, Q, V, G = "RHWPQVG"


@kernel(out="low share first")
def places(low: i64[P], share: f32[P], first: i64[G], a: f32, b: f32, clamp: i64, begin, end):
    """For an axis of G - 2 numbers.  One task."""
    size = first.shape[0] - 2
    for g in range(size + 2):
        first[g] = 0
    for p in range(low.shape[0]):
        at = a * f32(p) + b
        if clamp != 0:
            at = min(max(at, 0.0), f32(size - 1))
        whole = min(max(floor(at), 0.0), f32(size - 1))
        low[p], share[p] = i64(whole), at - whole
        first[i64(whole) + 1] += 1
    for g in range(1, size + 2):
        first[g] += first[g - 1]


@kernel(out="y line")
def bilinear(
    x: f32[R, H, W], h_low: i64[P], h_share: f32[P], w_low: i64[Q], w_share: f32[Q], y: f32[R, P, Q], line: f32[R, V],
    begin, end,
):  # fmt: skip
    """line is scratch of W + 1 numbers a map."""
    _, H, W = x.shape
    _, P, Q = y.shape
    for r in range(begin, end):
        line[r, W] = 0.0
        for p in range(P):
            h, down = h_low[p], h_share[p]
            if h + 1 < H:
                for w in range(W):
                    line[r, w] = x[r, h, w] + down * (x[r, h + 1, w] - x[r, h, w])
            else:
                for w in range(W):
                    line[r, w] = x[r, h, w] - down * x[r, h, w]
            for q in range(Q):
                w = w_low[q]
                y[r, p, q] = line[r, w] + w_share[q] * (line[r, w + 1] - line[r, w])


@kernel(out="dx line")
def bilinear_grad(
    dy: f32[R, P, Q], h_share: f32[P], h_first: i64[V], w_low: i64[Q], w_share: f32[Q], w_first: i64[G],
    dx: f32[R, H, W], line: f32[R, 2, Q], begin, end,
):  # fmt: skip
    """dx <- each number's share of all that was read of it; line is scratch."""
    _, H, W = dx.shape
    Q = dy.shape[2]
    for r in range(begin, end):
        for h in range(H):
            for q in range(Q):
                line[r, 0, q] = 0.0
            for p in range(h_first[h - 1] if h > 0 else 0, h_first[h + 1]):
                share = h_share[p] if p < h_first[h] else 1.0 - h_share[p]
                for q in range(Q):
                    line[r, 0, q] += share * dy[r, p, q]
            for q in range(Q):  # what goes to the number behind, and to the one before
                line[r, 1, q] = line[r, 0, q] * w_share[q]
                line[r, 0, q] -= line[r, 1, q]
            if Q > W:
                for w in range(W):
                    total = f32(0.0)
                    for q in range(w_first[w - 1] if w > 0 else 0, w_first[w]):
                        total += line[r, 1, q]
                    for q in range(w_first[w], w_first[w + 1]):
                        total += line[r, 0, q]
                    dx[r, h, w] = total
            else:
                for w in range(W):
                    dx[r, h, w] = 0.0
                for q in range(Q):
                    w = w_low[q]
                    dx[r, h, w] += line[r, 0, q]
                    if w + 1 < W:
                        dx[r, h, w + 1] += line[r, 1, q]
