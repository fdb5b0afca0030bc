"""Packing: the left operand of a product in the order in which tiles read it, once a step.

Packed, a (M, K) is blocks of DEPTH of its K; a block is tiles of `height` rows, one after the other, each
[k][height].  A set of G matrices is packed one after the other, each in `size(M, K)` floats, with what the
sums of its rows start from at the end. Rows that only fill up the last tile are zero, or copies: what comes
of them is not stored, but denormals would be slow.
"""

from protonet.kernels.atomic import put as keep
from protonet.kernels.atomic import word
from protonet.kernels.jit import address, f32, i64, inline, kernel
from protonet.kernels.memory import copy, fill, flip, get, stack
from protonet.kernels.simd import W
from protonet.kernels.tile import ROWS, height, padded

DEPTH = 256  # how much of K a panel of the right operand holds: DEPTH * COLUMNS floats stay in L1
offset_memory = stack(8 * ROWS)
A, B, C, G, M, K, T = "A", "B", "C", "G", "M", "K", "T"


@inline
def blocks(K):
    return max(1, (K + DEPTH - 1) // DEPTH)


@inline
def packed_block(M, k):
    """Where in a packed matrix the block from k on is.  Flipping writes up to W floats after the end of each."""
    return padded(M) * k + k // DEPTH * W


@inline
def starts(M, K, zero):
    """Where in it the starts of the sums are; or ROWS zeros, for sums that go on."""
    return padded(M) * K + blocks(K) * W + (padded(M) if zero else 0)


@inline
def size(M, K):
    """Floats of a packed matrix, a whole number of vectors."""
    return (starts(M, K, True) + ROWS + W - 1) // W * W


@kernel(out="a")
def pack_rows(x: f32[G, M, K], bias: f32[B], a: f32[A], biased: i64, begin, end):
    """a <- x packed, sums starting from bias[g * M + i] if `biased`; a task is a block of one x[g]."""
    G, M, K = x.shape
    n = blocks(K)
    for task in range(begin, end):
        g, at = task // n, task % n * DEPTH
        depth = min(DEPTH, K - at)
        to = address(a, g * size(M, K) + packed_block(M, at))
        i = i64(0)
        while i < M:
            h = height(M - i)
            flip(to, 4 * h, address(x, (g, i, at)), 4 * K, min(h, M - i), depth)
            to += 4 * h * depth
            i += h
        if at == 0:
            begin_sums(a, g * size(M, K) + starts(M, K, False), bias, g * M, M, biased)


@kernel(out="a")
def pack_columns(x: f32[G, K, M], bias: f32[B], a: f32[A], biased: i64, begin, end):
    """The same of transposed matrices: x[g] is (K, M)."""
    G, K, M = x.shape
    n = blocks(K)
    for task in range(begin, end):
        g, at = task // n, task % n * DEPTH
        depth = min(DEPTH, K - at)
        to = address(a, g * size(M, K) + packed_block(M, at))
        i = i64(0)
        while i < M:
            h = height(M - i)
            rows = min(h, M - i)
            if rows < h:
                fill(to, 0.0, h * depth)
            for k in range(depth):
                copy(to + 4 * h * k, address(x, (g, at + k, i)), rows)
            to += 4 * h * depth
            i += h
        if at == 0:
            begin_sums(a, g * size(M, K) + starts(M, K, False), bias, g * M, M, biased)


@kernel(out="a")
def pack_turned(w: f32[G, K, M, T], bias: f32[B], a: f32[A], biased: i64, begin, end):
    """The windows turned round, rows m of (k, t): a <- w[g, k, m, T - 1 - t] packed; a task is a block of one g."""
    G, K, M, T = w.shape
    n = blocks(K * T)
    for task in range(begin, end):
        g, at = task // n, task % n * DEPTH
        to = g * size(M, K * T) + packed_block(M, at)
        i = i64(0)
        while i < M:
            h = height(M - i)
            for d in range(at, min(at + DEPTH, K * T)):
                k, t = d // T, T - 1 - d % T
                for row in range(h):
                    a[to + row] = w[g, k, i + row, t] if i + row < M else f32(0)
                to += h
            i += h
        if at == 0:
            begin_sums(a, g * size(M, K * T) + starts(M, K * T, False), bias, g * M, M, biased)


@kernel(out="a")
def pack_windows(w: f32[G, K, C, T], a: f32[A], most: i64, begin, end):
    """Rows (t, c) of k, for each block of `most` channels: a <- w[g, k, c, t] packed; a task is such a block
    of one g."""
    G, K, C, T = w.shape
    n = (C + most - 1) // most
    offsets = offset_memory()
    for task in range(begin, end):
        g, first = task // n, task % n * most
        channels = min(most, C - first)
        M, place = channels * T, task * size(most * T, K)
        for block in range(blocks(K)):
            at = block * DEPTH
            to = place + packed_block(M, at)
            i = i64(0)
            while i < M:
                h = height(M - i)
                for row in range(h):
                    r = min(i + row, M - 1)
                    t = r // channels
                    keep(offsets + 8 * row, address(w, (g, 0, first + r - t * channels, t)))
                for k in range(at, min(at + DEPTH, K)):
                    for row in range(h):
                        a[to + row] = get(word(offsets + 8 * row) + 4 * C * T * k)
                    to += h
                i += h
        begin_sums(a, place + starts(M, K, False), a, 0, M, 0)


@inline
def begin_sums(a, to, bias, at, M, biased):
    for i in range(padded(M) + ROWS):
        a[to + i] = 0.0
    if biased:
        for i in range(M):
            a[to + i] = bias[at + i]
