"""c (M, N) <- a (M, K) @ b' (N, K) for few rows of a: each number is the product of two rows as they lie.

gemm.gemm_turned would turn all of b for them; here b is read once, ROWS rows side by side, and the limit is memory.
A task is `LINES` rows of b.
"""

from protonet.kernels.gemm import ADD, BIAS
from protonet.kernels.jit import address, f32, i64, kernel
from protonet.kernels.simd import BYTES, W, intrinsic

A, B, M, N, K = "ABMNK"
ROWS, LINES = 4, 64
FEW = 4  # rows of a: more are quicker as tiles


def tasks(N):
    return -(-N // LINES)


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
    """mode as of gemm."""
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
