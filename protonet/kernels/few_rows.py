"""Products with few rows, which tiles would turn and copy large matrices for; here each is read once, as it lies, and
the limit is memory.

    few_rows      c (M, N) <- a (M, K) @ b' (N, K), few M: each number is the product of two rows; ROWS of b at once
    few_sums      c (M, N) <- a (M, K) @ b (K, N), few M: rows of b are added up
    few_products  c (M, N) <- a' (K, M) @ b (K, N), few K: rows of b, times a number, are added to rows of c
"""

from protonet.kernels.gemm import ADD, BIAS
from protonet.kernels.jit import address, f32, i64, kernel
from protonet.kernels.simd import BYTES, W, intrinsic

A, B, M, N, K = "ABMNK"
ROWS, LINES, COLUMNS = 4, 64, 256
FEW = 4  # more are quicker as tiles


def tasks(N):
    """Of LINES rows of b, or of c."""
    return -(-N // LINES)


def columns(N):
    """Tasks of few_sums, each COLUMNS of b."""
    return -(-N // COLUMNS)


def dots(rows):
    """An intrinsic: c[j] <- c[j] * more + the product of a and row j of b, for j < rows."""

    @intrinsic
    def dots(e, a, b, ldb, n, c, more):
        pair = 2 * W
        whole = e.b.ashr(n, e.int(pair.bit_length() - 1))
        lines = [e.b.add(b, e.b.mul(ldb, e.int(j))) for j in range(rows)]

        def products(load, offset, sums):
            new = []
            for half in range(2):
                at = e.at(offset, half * BYTES)
                v = load(e.b.add(a, at), half)
                new += [e.fma(v, load(e.b.add(line, at), half), sums[half * rows + j]) for j, line in enumerate(lines)]
            return new

        def step(i, carried):
            offset, *sums = carried
            return [e.at(offset, 2 * BYTES), *products(lambda place, half: e.load(place), offset, sums)]

        offset, *sums = e.loop(whole, [e.int(0), *[e.const(0)] * (2 * rows)], step)
        left = e.b.sub(n, e.b.mul(whole, e.int(pair)))
        rest = [e.mask(left), e.mask(e.b.sub(left, e.int(W)))]
        sums = products(lambda place, half: e.load_masked(place, rest[half]), offset, sums)
        adds = e.b.icmp_signed("!=", more, e.int(0))
        for j in range(rows):
            total = e.sum(e.b.fadd(sums[j], sums[rows + j]))
            place = e.pointer(e.at(c, 4 * j))
            old = e.b.load(place, align=4)
            e.b.store(e.b.select(adds, e.b.fadd(old, total), total), place, align=4)

    return dots


one, several = dots(1), dots(ROWS)


@kernel(out="c")
def few_rows(a: f32[M, K], b: f32[N, K], bias: f32[B], c: f32[M, N], mode: i64, begin, end):
    """mode as of gemm, here and below."""
    M, K = a.shape
    N = b.shape[0]
    more = i64(1) if mode == ADD or mode == BIAS else i64(0)
    n, last = begin * LINES, min(end * LINES, N)
    while n < last:
        count = ROWS if n + ROWS <= last else 1
        for m in range(M):
            if mode == BIAS:
                for j in range(n, n + count):
                    c[m, j] = bias[j]
            if count == ROWS:
                several(address(a, (m, 0)), address(b, (n, 0)), 4 * K, K, address(c, (m, n)), more)
            else:
                one(address(a, (m, 0)), address(b, (n, 0)), 4 * K, K, address(c, (m, n)), more)
        n += count


@kernel(out="c")
def few_sums(a: f32[M, K], b: f32[K, N], bias: f32[B], c: f32[M, N], mode: i64, begin, end):
    M, K = a.shape
    N = b.shape[1]
    for task in range(begin, end):
        first, last = task * COLUMNS, min(task * COLUMNS + COLUMNS, N)
        for m in range(M):
            if mode != ADD:
                for n in range(first, last):
                    c[m, n] = bias[n] if mode == BIAS else f32(0)
        whole = K // 4 * 4
        for k in range(0, whole, 4):
            for m in range(M):
                p, q, r, s = a[m, k], a[m, k + 1], a[m, k + 2], a[m, k + 3]
                for n in range(first, last):
                    c[m, n] += p * b[k, n] + q * b[k + 1, n] + r * b[k + 2, n] + s * b[k + 3, n]
        for k in range(whole, K):
            for m in range(M):
                factor = a[m, k]
                for n in range(first, last):
                    c[m, n] += factor * b[k, n]


@kernel(out="c")
def few_products(a: f32[K, M], b: f32[K, N], bias: f32[B], c: f32[M, N], mode: i64, begin, end):
    K, N = b.shape
    M = a.shape[1]
    for m in range(begin * LINES, min(end * LINES, M)):
        if mode != ADD:
            for n in range(N):
                c[m, n] = bias[n] if mode == BIAS else f32(0)
        whole = K // 4 * 4
        for k in range(0, whole, 4):
            p, q, r, s = a[k, m], a[k + 1, m], a[k + 2, m], a[k + 3, m]
            for n in range(N):
                c[m, n] += p * b[k, n] + q * b[k + 1, n] + r * b[k + 2, n] + s * b[k + 3, n]
        for k in range(whole, K):
            factor = a[k, m]
            for n in range(N):
                c[m, n] += factor * b[k, n]
