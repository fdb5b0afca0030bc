"""Convolution of each channel by itself (groups of one channel), of plain planes: directly, there is no
product to speak of.

Rows of a plane are copied into `lines`, a strip at a time, with the pads in place and, for stride sw, cut
into sw phases of every sw-th float.  So a tap of W neighbouring outputs is one vector, at a distance that is
the same for all of them.

    forward   y[k]      = sum over t of w[k, t] * lines at offset(t)
    data      lines at offset(t) += w[k, t] * dy[k], brought back to dx; for stride 1 `forward` over dy, turned round
    weights   dw[k, t] += dy[k] . lines at offset(t)

Sizes: G channels in, K outputs of each; T taps; Y x X map, OY x OX outputs.  Bound: loads, 10 for each 8
vectors of products.
"""

from protonet.kernels.atomic import word
from protonet.kernels.depthwise_lines import (
    LINES,
    OFFSETS,
    PRIVATE,
    bring_back,
    dot,
    fill_lines,
    find_offsets,
    fits,
    segment,
    spread,
    strip,
    strip_rows,
)  # fmt: skip
from protonet.kernels.jit import address, f32, i64, kernel
from protonet.kernels.memory import fill, get, put

__all__ = ["PRIVATE", "data", "fits", "forward", "weights"]
N, G, M, K, R, S, P, T, B = "N", "G", "M", "K", "R", "S", "P", "T", "B"


@kernel(out="y")
def forward(
    x: f32[N, M, S], w: f32[R, T], bias: f32[B], y: f32[N, G, K, P], biased: i64, turned: i64, joined: i64,
    Y: i64, X: i64, kh: i64, kw: i64, sh: i64, sw: i64, ph: i64, pw: i64, dh: i64, dw: i64, OY: i64, OX: i64,
    begin, end, memory,
):  # fmt: skip
    """y <- each plane of x by its windows, + bias; a task is a channel of an image.

    turned: the windows are turned round.  joined: so many planes after each other give one of y, their sum,
    as the data gradient over K outputs does; else 1.
    """
    N, G, K, P = y.shape
    T, L = kh * kw, segment(OX, kw, dw, sw)
    line, high = 4 * sw * L, strip_rows(OX, kh, kw, dh, dw, sh, sw)
    lines, offsets = memory, memory + LINES
    find_offsets(offsets, L, turned, kh, kw, dh, dw, sw)
    for task in range(begin, end):
        n, g = task // G, task % G
        for part in range(joined):
            m = g * joined + part
            first = i64(0)
            while first < OY:
                rows = min(high, OY - first)
                count = (rows - 1) * sh + (kh - 1) * dh + 1
                fill_lines(lines, address(x, (n, m, 0)), L, count, first * sh - ph, Y, X, pw, sw)
                for k in range(K):
                    start = bias[g * K + k] if biased != 0 and part == 0 else f32(0)
                    weight, to = address(w, (m * K + k, 0)), address(y, (n, g, k, first * OX))
                    strip(lines, line * sh, offsets, weight, T, start, part > 0, to, rows, OX)
                first += high


@kernel(out="dx")
def data(
    dy: f32[N, G, K, P], w: f32[G, K, T], bias: f32[B], dx: f32[N, G, S], biased: i64,
    Y: i64, X: i64, kh: i64, kw: i64, sh: i64, sw: i64, ph: i64, pw: i64, dh: i64, dw: i64, OY: i64, OX: i64,
    begin, end, memory,
):  # fmt: skip
    """dx <- bias + each number of dy, spread over its window; a task is a channel of an image."""
    N, G, K, P = dy.shape
    N, G, S = dx.shape
    L = segment(OX, kw, dw, sw)
    line, high = 4 * sw * L, strip_rows(OX, kh, kw, dh, dw, sh, sw)
    lines, offsets = memory, memory + LINES
    find_offsets(offsets, L, 0, kh, kw, dh, dw, sw)
    for task in range(begin, end):
        n, g = task // G, task % G
        plane = address(dx, (n, g, 0))
        fill(plane, bias[g] if biased != 0 else f32(0), S)
        first = i64(0)
        while first < OY:
            rows = min(high, OY - first)
            count = (rows - 1) * sh + (kh - 1) * dh + 1
            fill(lines, 0.0, count * sw * L)
            for k in range(K):
                for r in range(rows):
                    source = address(dy, (n, g, k, (first + r) * OX))
                    for t in range(kh * kw):
                        spread(lines + line * sh * r + word(offsets + 8 * t), source, w[g, k, t], OX)
            bring_back(plane, lines, L, count, first * sh - ph, Y, X, pw, sw)
            first += high


@kernel(out="dw_")
def weights(
    x: f32[N, G, S], dy: f32[N, G, K, P], dw_: f32[G, K, T],
    Y: i64, X: i64, kh: i64, kw: i64, sh: i64, sw: i64, ph: i64, pw: i64, dh: i64, dw: i64, OY: i64, OX: i64,
    begin, end, memory,
):  # fmt: skip
    """dw_[g, k, t] += dy . lines at offset(t), over all images, in order; a task is one output's window (g, k)."""
    N, G, K, P = dy.shape
    T, L = kh * kw, segment(OX, kw, dw, sw)
    line, high = 4 * sw * L, strip_rows(OX, kh, kw, dh, dw, sh, sw)
    lines, offsets, sums = memory, memory + LINES, memory + LINES + OFFSETS
    find_offsets(offsets, L, 0, kh, kw, dh, dw, sw)
    for task in range(begin, end):
        g, k = task // K, task % K
        fill(sums, 0.0, T)
        for n in range(N):
            first = i64(0)
            while first < OY:
                rows = min(high, OY - first)
                count = (rows - 1) * sh + (kh - 1) * dh + 1
                fill_lines(lines, address(x, (n, g, 0)), L, count, first * sh - ph, Y, X, pw, sw)
                other = address(dy, (n, g, k, first * OX))
                for t in range(T):
                    total = dot(lines + word(offsets + 8 * t), line * sh, other, 4 * OX, rows, OX)
                    put(sums + 4 * t, get(sums + 4 * t) + total)
                first += high
        for t in range(T):
            dw_[g, k, t] += get(sums + 4 * t)
