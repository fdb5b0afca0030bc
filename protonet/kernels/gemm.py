"""Matrix products of plain matrices: c (M, N) <- a (M, K) @ b (K, N), for a packed by pack.py and b as it
lies, or transposed.

A task is a block of rows of a panel of columns; it packs its part of b for itself, which costs some 3 % at M
= 100 and all there is to save below M = 8, where b is read from memory only once anyhow.
"""

from protonet.kernels.jit import address, f32, i64, inline, kernel
from protonet.kernels.memory import clear_lines, copy, copy_lines, flip
from protonet.kernels.pack import DEPTH, packed_block, starts
from protonet.kernels.simd import W
from protonet.kernels.tile import COLUMNS, ROWS, product

A, B, M, N, K = "ABMNK"
WIDTH = 128  # columns of a panel
PITCH = 4 * (WIDTH + 16)  # bytes: an odd number of cache lines, so that lines spread over all of L1
ENOUGH = 16  # tasks, where a product can be cut into that many
SET, ADD, BIAS = range(3)  # what becomes of c: a @ b, c + a @ b, or bias (of its columns) + a @ b
PANEL = DEPTH * PITCH  # bytes of private memory of these kernels


@inline
def ceil(a, b):
    return (a + b - 1) // b


@inline
def cut(G, M, N):
    """(columns a panel, panels, rows a task) of G products: fewer columns, then fewer rows, where there would
    be few tasks."""
    wide = WIDTH
    while wide > COLUMNS and G * ceil(N, wide) < ENOUGH:
        wide //= 2
    panels = ceil(N, wide)
    parts = max(1, min(ENOUGH // 2 // max(1, G * panels), M // 96))
    return wide, panels, ceil(max(1, ceil(M, parts)), ROWS) * ROWS


def tasks(G, M, N):
    _, panels, rows = cut(G, M, N)
    return G * ceil(M, rows) * panels


@inline
def clear_rest(panel, columns, depth):
    """Zeros up to a whole number of tiles: what lies there may be denormal, and slow to multiply."""
    if columns % COLUMNS:
        clear_lines(panel + 4 * columns, PITCH, COLUMNS - columns % COLUMNS, depth)


@inline
def panel_product(a, k, depth, panel, c, first, last, low, high, M, K, more):
    """c[low:high, first:last] for one block of K, its part of b being packed."""
    block, zeros = address(a, packed_block(M, k)), address(a, starts(M, K, True))
    N, j = c.shape[1], first
    while j < last:
        product(
            block, M, low, high, panel + 4 * (j - first), PITCH, depth, zeros, 0, more,
            address(c, (0, j)), 4 * N, min(last - j, COLUMNS), last - j, 1, 0,
        )  # fmt: skip
        j += COLUMNS


@inline
def begin_columns(bias, c, first, last, low, high):
    for i in range(low, high):
        copy(address(c, (i, first)), address(bias, first), last - first)


@kernel(out="c")
def gemm(a: f32[A], b: f32[K, N], bias: f32[B], c: f32[M, N], mode: i64, begin, end, memory):
    """c <- a @ b."""
    K, N = b.shape
    M = c.shape[0]
    wide, panels, rows = cut(1, M, N)
    panel = memory
    for task in range(begin, end):
        first, low = task % panels * wide, task // panels * rows
        last, high = min(first + wide, N), min(low + rows, M)
        if mode == BIAS:
            begin_columns(bias, c, first, last, low, high)
        k = i64(0)
        while k < K:
            depth = min(DEPTH, K - k)
            copy_lines(panel, PITCH, address(b, (k, first)), 4 * N, last - first, depth)
            clear_rest(panel, last - first, depth)
            panel_product(a, k, depth, panel, c, first, last, low, high, M, K, mode != SET or k > 0)
            k += DEPTH


@kernel(out="c")
def gemm_turned(a: f32[A], b: f32[N, K], bias: f32[B], c: f32[M, N], mode: i64, begin, end, memory):
    """c <- a @ b'."""
    N, K = b.shape
    M = c.shape[0]
    wide, panels, rows = cut(1, M, N)
    panel = memory
    for task in range(begin, end):
        first, low = task % panels * wide, task // panels * rows
        last, high = min(first + wide, N), min(low + rows, M)
        if mode == BIAS:
            begin_columns(bias, c, first, last, low, high)
        k = i64(0)
        while k < K:
            depth = min(DEPTH, K - k)
            flip(panel, PITCH, address(b, (first, k)), 4 * K, last - first, depth)
            clear_rest(panel, ceil(last - first, W) * W, depth)
            panel_product(a, k, depth, panel, c, first, last, low, high, M, K, mode != SET or k > 0)
            k += DEPTH
