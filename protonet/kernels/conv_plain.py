"""Convolution of plain (N, C, ...) images as matrix products over panels of windows (im2col.py); the columns
are (n, p).

    forward   y[n] (K, P)  = w (K, D) @ windows of x[n] (D, P)
    weights   dw (K, D)   += sum over n of dy[n] (K, P) @ windows of x[n]' (P, D)
    data      dx[n]        = the windows' way back of w' (D, K) @ dy[n] (K, P)

With stride 1, `data` is also `forward` over dy, with the window turned round: pack.pack_turned.  Sizes: G
groups, each of C channels in and K out; T taps, D = C * T; P positions; S places of a map.  The limit is the
tile; packing panels costs some 10 to 20 % more for few outputs (K < 64), as each window is copied for K
products.
"""

from protonet.kernels.gemm import ENOUGH, PANEL, PITCH, WIDTH, ceil, clear_rest, cut
from protonet.kernels.im2col import RUN, gather, runs, scatter
from protonet.kernels.jit import address, f32, i64, inline, kernel
from protonet.kernels.memory import clear_lines, copy_lines, fill, flip, stack
from protonet.kernels.pack import DEPTH, packed_block, size, starts
from protonet.kernels.simd import W
from protonet.kernels.tile import COLUMNS, HEIGHTS, ROWS, UNIT, height, padded, product, tile

N, G, C, K, S, P, A, R, V, Q, T = "N", "G", "C", "K", "S", "P", "A", "R", "V", "Q", "T"
LINE = 4 * (DEPTH + 16)  # bytes between rows of windows: an odd number of cache lines, as PITCH
LOW = 2 * ROWS  # outputs up to which a 1 x 1 convolution reads x as it lies: each number is used once or twice
TABLE = RUN * DEPTH
PRIVATE = PANEL + TABLE + ROWS * max(LINE, PITCH)  # bytes: a panel, its runs, and some rows or a tile
zero_memory = stack(4 * ROWS)
tall, middle, low = (tile(h, LINE) for h in HEIGHTS)


@kernel(out="y")
def forward(
    x: f32[N, G, C, S], a: f32[A], y: f32[N, G, K, P],
    Z: i64, H: i64, X: i64, kz: i64, kh: i64, kw: i64, sz: i64, sh: i64, sw: i64,
    pz: i64, ph: i64, pw: i64, dz: i64, dh: i64, dw: i64, OH: i64, OW: i64, begin, end, memory,
):  # fmt: skip
    """y <- a (packed w and bias) @ windows of x; a task is some rows of a panel of columns."""
    N, G, C, S = x.shape
    N, G, K, P = y.shape
    D, J = C * kz * kh * kw, N * P
    point = D == C and S == P and sz * sh * sw == 1 and pz == 0 and ph == 0 and pw == 0
    wide, panels, rows = cut(G, K, J)
    panel, table = memory, memory + PANEL
    for task in range(begin, end):
        first = task % panels * wide
        last = min(first + wide, J)
        rest = task // panels
        g = rest // ceil(K, rows)
        low_row = rest % ceil(K, rows) * rows
        high_row = min(low_row + rows, K)
        count = runs(table, first, last, P, 4 * G * C * S, OH, OW, sz, sh, sw, pz, ph, pw)
        weights = g * size(K, D)
        n0 = first // P
        within = last - n0 * P <= P and (last - first) % COLUMNS == 0
        direct = point and within and K <= LOW
        k = i64(0)
        while k < D:
            depth = min(DEPTH, D - k)
            source = address(x, (0, g, 0, 0))
            if direct:
                b, ldb = address(x, (n0, g, k, first - n0 * P)), 4 * S
            else:
                b, ldb = panel, i64(PITCH)
                gather(source, panel, PITCH, table, count, k, k + depth, 0, C, Z, H, X, kz, kh, kw, dz, dh, dw, sw)
                clear_rest(panel, last - first, depth)
            block = address(a, weights + packed_block(K, k))
            sums, step = address(a, weights + starts(K, D, k > 0)), 4 if k == 0 else 0
            j = first
            while j < last:
                n = j // P
                p = j - n * P
                product(
                    block, K, low_row, high_row, b + 4 * (j - first), ldb, depth, sums, step, k > 0,
                    address(y, (n, g, 0, p)), 4 * P, min(last - j, COLUMNS), P - p, P, 4 * (G * K - 1) * P,
                )  # fmt: skip
                j += COLUMNS
            k += DEPTH


@inline
def cut_weights(G, D, K, J):
    """(parts of the columns, columns a part, rows of D a task): as many parts as make enough tasks."""
    rows = min(ceil(D, ROWS), 24) * ROWS
    parts = max(1, min(ceil(ENOUGH, G * ceil(D, rows) * ceil(K, WIDTH)), J // DEPTH))
    wide = max(1, ceil(ceil(J, parts), DEPTH)) * DEPTH
    return ceil(J, wide), wide, rows


def parts(G, D, K, J):
    """The shape of the partial sums that `weights` makes, and its tasks."""
    count, _, rows = cut_weights(G, D, K, J)
    return (count, G, padded(D), ceil(K, COLUMNS) * COLUMNS), count * G * ceil(D, rows) * ceil(K, WIDTH)


@kernel(out="sums")
def weights(
    x: f32[N, G, C, S], dy: f32[N, G, K, P], sums: f32[R, G, V, Q],
    Z: i64, H: i64, X: i64, kz: i64, kh: i64, kw: i64, sz: i64, sh: i64, sw: i64,
    pz: i64, ph: i64, pw: i64, dz: i64, dh: i64, dw: i64, OH: i64, OW: i64, begin, end, memory,
):  # fmt: skip
    """sums[r, g, (t, c), k] <- windows of x @ dy' over the columns of part r; add_weights brings them to dw."""
    N, G, C, S = x.shape
    N, G, K, P = dy.shape
    Q, J, D = sums.shape[3], N * P, C * kz * kh * kw
    R, wide, rows = cut_weights(G, D, K, J)
    panel, table, lines, zeros = memory, memory + PANEL, memory + PANEL + TABLE, zero_memory()
    fill(zeros, 0.0, ROWS)
    for task in range(begin, end):
        part = task % R
        rest = task // R
        d0 = rest % ceil(D, rows) * rows
        d1 = min(d0 + rows, D)
        rest //= ceil(D, rows)
        k0 = rest % ceil(K, WIDTH) * WIDTH
        k1 = min(k0 + WIDTH, K)
        g = rest // ceil(K, WIDTH)
        first, last = part * wide, min(part * wide + wide, J)
        j = first
        while j < last:
            depth = min(DEPTH, last - j)
            count = runs(table, j, j + depth, P, 4 * G * C * S, OH, OW, sz, sh, sw, pz, ph, pw)
            at = j
            while at < j + depth:
                n = at // P
                p = at - n * P
                length = min(P - p, j + depth - at)
                flip(panel + PITCH * (at - j), PITCH, address(dy, (n, g, k0, p)), 4 * P, k1 - k0, length)
                at += length
            clear_rest(panel, ceil(k1 - k0, W) * W, depth)
            d = d0
            while d < d1:
                h = height(d1 - d)
                source = address(x, (0, g, 0, 0))
                high = min(d + h, d1)
                gather(source, lines, LINE, table, count, d, high, 1, C, Z, H, X, kz, kh, kw, dz, dh, dw, sw)
                clear_lines(lines + LINE * (high - d), LINE, depth, d + h - high)
                k = k0
                while k < k1:
                    b, c = panel + 4 * (k - k0), address(sums, (part, g, d, k))
                    if h == 3 * UNIT:
                        tall(lines, 4, b, PITCH, depth, zeros, j > first, c, 4 * Q)
                    elif h == 2 * UNIT:
                        middle(lines, 4, b, PITCH, depth, zeros, j > first, c, 4 * Q)
                    else:
                        low(lines, 4, b, PITCH, depth, zeros, j > first, c, 4 * Q)
                    k += COLUMNS
                d += h
            j += DEPTH


@kernel(out="dw")
def add_weights(sums: f32[R, G, V, Q], dw: f32[G, K, C, T], begin, end):
    """dw[g, k, c, t] += the sums over r of sums[r, g, (t, c), k], in order; a task is W of k."""
    R, G, V, Q = sums.shape
    G, K, C, T = dw.shape
    blocks = ceil(K, W)
    for task in range(begin, end):
        g, first = task // blocks, task % blocks * W
        for c in range(C):
            for t in range(T):
                for k in range(first, min(first + W, K)):
                    total = f32(0)
                    for r in range(R):
                        total += sums[r, g, t * C + c, k]
                    dw[g, k, c, t] += total


@inline
def cut_data(N, G, C, T):
    """Channels of dx a task."""
    blocks = max(1, min(ceil(ENOUGH, max(1, N * G)), C * T // 96))
    return ceil(ceil(C, blocks), ROWS) * ROWS


def data_tasks(N, G, C, T):
    return N * G * ceil(C, cut_data(N, G, C, T))


@kernel(out="dx")
def data(
    dy: f32[N, G, K, P], a: f32[A], bias: f32[R], dx: f32[N, G, C, S], biased: i64,
    Z: i64, H: i64, X: i64, kz: i64, kh: i64, kw: i64, sz: i64, sh: i64, sw: i64,
    pz: i64, ph: i64, pw: i64, dz: i64, dh: i64, dw: i64, OH: i64, OW: i64, begin, end, memory,
):  # fmt: skip
    """dx <- bias, or 0, + what windows give back of a (w packed by pack_windows) @ dy; a task is some
    channels of an image."""
    N, G, K, P = dy.shape
    N, G, C, S = dx.shape
    T = kz * kh * kw
    most = cut_data(N, G, C, T)
    blocks = ceil(C, most)
    panel, table, lines = memory, memory + PANEL, memory + PANEL + TABLE
    for task in range(begin, end):
        n, g, block = task // blocks // G, task // blocks % G, task % blocks
        c0 = block * most
        channels = min(most, C - c0)
        for c in range(c0, c0 + channels):
            fill(address(dx, (n, g, c, 0)), bias[g * C + c] if biased else f32(0), S)
        D = channels * T
        place = (g * blocks + block) * size(most * T, K)
        zeros = address(a, place + starts(D, K, True))
        to = address(dx, (n, g, c0, 0))
        j = i64(0)
        while j < P:
            wide = min(WIDTH, P - j)
            count = runs(table, j, j + wide, P, 0, OH, OW, sz, sh, sw, pz, ph, pw)
            k = i64(0)
            while k < K:
                depth = min(DEPTH, K - k)
                copy_lines(panel, PITCH, address(dy, (n, g, k, j)), 4 * P, wide, depth)
                clear_rest(panel, wide, depth)
                left = address(a, place + packed_block(D, k))
                d = i64(0)
                while d < D:
                    h = height(D - d)
                    at = i64(0)
                    while at < wide:
                        product(
                            left, min(h, D - d), 0, 1, panel + 4 * at, PITCH, depth, zeros, 0, 0,
                            lines + 4 * at, PITCH, COLUMNS, COLUMNS, 1, 0,
                        )  # fmt: skip
                        at += COLUMNS
                    scatter(
                        to, lines, PITCH, table, count, d, min(d + h, D), channels, Z, H, X, kz, kh, kw, dz, dh, dw, sw
                    )
                    left += 4 * h * depth
                    d += h
                k += DEPTH
            j += WIDTH
