"""What a core can do at most: multiply and add on registers alone, go through memory.  A task is a thread's work."""

from protonet.kernels.jit import address, f32, i64, kernel
from protonet.kernels.simd import BYTES, REGISTERS, W, intrinsic

CHAINS = REGISTERS * 3 // 4  # sums at once: enough to hide the latency of one
LINE = 16  # vectors a turn
T, M, K = "TMK"


@intrinsic
def chains(e, y, n):
    """Independent sums whose numbers LLVM does not know."""
    factor = e.load(y)
    sums = e.loop(n, [e.load(y, BYTES * i) for i in range(CHAINS)], lambda i, c: [e.fma(v, factor, factor) for v in c])
    for i, v in enumerate(sums):
        e.store(v, y, BYTES * i)


@intrinsic
def lines(e, x, n, y):
    """n turns."""

    def turn(i, c):
        at, *sums = c
        return [e.at(at, LINE * BYTES), *(e.b.fadd(v, e.load(at, BYTES * k)) for k, v in enumerate(sums))]

    _, *sums = e.loop(n, [x, *[e.const(0)] * LINE], turn)
    for i, v in enumerate(sums):
        e.store(v, y, BYTES * i)


@kernel(out="y")
def multiply(y: f32[T, K], n: i64, begin, end):
    """n FMAs of CHAINS vectors; K holds those."""
    for task in range(begin, end):
        chains(address(y, (task, 0)), n)


@kernel(out="y")
def read(x: f32[T, M], y: f32[T, K], times: i64, begin, end):
    """Each row of x so many times; y holds LINE vectors."""
    T, M = x.shape
    for task in range(begin, end):
        for _ in range(times):
            lines(address(x, (task, 0)), M // (LINE * W), address(y, (task, 0)))
