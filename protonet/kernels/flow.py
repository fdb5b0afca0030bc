"""Images moved along flow fields.

x is N x C x H x W; a flow is N x 2 x H x W, first along a row, then down a column.
"""

import math

from protonet.kernels.jit import f32, i64, kernel

N, C, H, W = "NCHW"
NAN = math.nan


@kernel(out="y")
def moved(x: f32[N, C, H, W], flow: f32[N, 2, H, W], y: f32[N, C, H, W], outside: i64, begin, end):
    """y <- x where the flow leads, read bilinearly; beyond it NaN if `outside`, or 0; a task is a row."""
    N, C, H, W = x.shape
    for task in range(begin, end):
        n, h = task // H, task % H
        for w in range(W):
            u, v = f32(w) + flow[n, 0, h, w], f32(h) + flow[n, 1, h, w]
            if u >= 0.0 and v >= 0.0 and u < f32(W) and v < f32(H):
                left, top = i64(u), i64(v)
                right, low = min(left + 1, W - 1), min(top + 1, H - 1)
                a, b = u - f32(left), v - f32(top)
                for c in range(C):
                    upper = (1.0 - a) * x[n, c, top, left] + a * x[n, c, top, right]
                    lower = (1.0 - a) * x[n, c, low, left] + a * x[n, c, low, right]
                    y[n, c, h, w] = (1.0 - b) * upper + b * lower
            else:
                for c in range(C):
                    y[n, c, h, w] = f32(NAN) if outside != 0 else f32(0.0)


@kernel(out="dx")
def moved_grad(dy: f32[N, C, H, W], flow: f32[N, 2, H, W], dx: f32[N, C, H, W], begin, end):
    """dx <- each dy, shared out over the four pixels it was read between; a task is a plane."""
    N, C, H, W = dx.shape
    for task in range(begin, end):
        n, c = task // C, task % C
        for h in range(H):
            for w in range(W):
                dx[n, c, h, w] = 0.0
        for h in range(H):
            for w in range(W):
                u, v = f32(w) + flow[n, 0, h, w], f32(h) + flow[n, 1, h, w]
                if u >= 0.0 and v >= 0.0 and u < f32(W) and v < f32(H):
                    left, top = i64(u), i64(v)
                    right, low = min(left + 1, W - 1), min(top + 1, H - 1)
                    a, b, d = u - f32(left), v - f32(top), dy[n, c, h, w]
                    dx[n, c, top, left] += d * (1.0 - a) * (1.0 - b)
                    dx[n, c, top, right] += d * a * (1.0 - b)
                    dx[n, c, low, left] += d * (1.0 - a) * b
                    dx[n, c, low, right] += d * a * b


@kernel(out="dflow")
def flow_grad(
    x: f32[N, C, H, W], flow: f32[N, 2, H, W], dy: f32[N, C, H, W], dflow: f32[N, 2, H, W], begin, end
):  # fmt: skip
    """dflow <- dy times how x changes along a row, and down a column; a task is a row of an image.

    At the last column and row, where both pixels are one, the fork's shares are not those of the reading: 0 and 1.
    """
    N, C, H, W = x.shape
    for task in range(begin, end):
        n, h = task // H, task % H
        for w in range(W):
            across, down = f32(0.0), f32(0.0)
            u, v = f32(w) + flow[n, 0, h, w], f32(h) + flow[n, 1, h, w]
            if u >= 0.0 and v >= 0.0 and u < f32(W) and v < f32(H):
                left, top = i64(u), i64(v)
                right, low = min(left + 1, W - 1), min(top + 1, H - 1)
                a, b = f32(right) - u, f32(low) - v
                for c in range(C):
                    tl, tr = x[n, c, top, left], x[n, c, top, right]
                    bl, br = x[n, c, low, left], x[n, c, low, right]
                    across += dy[n, c, h, w] * (b * (tr - tl) + (1.0 - b) * (br - bl))
                    down += dy[n, c, h, w] * (a * (bl - tl) + (1.0 - a) * (br - tr))
            dflow[n, 0, h, w], dflow[n, 1, h, w] = across, down
