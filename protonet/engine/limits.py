"""How fast a layer can be at best here: by its arithmetic and by the memory it goes through, both measured.

The FMA peak is that of registers alone.  The bandwidth is that of reading, from L2 for what fits there, else from
memory far away: most layers lie between, so a layer may beat its limit a little.  One that Winograd computes may beat
it by much: its products are counted as the definition has them.
"""

import time
from dataclasses import dataclass

import numpy as np

from protonet.engine.machine import l2
from protonet.engine.memory import piece
from protonet.kernels import peak
from protonet.kernels.simd import W
from protonet.runtime import plan
from protonet.runtime.execute import Program
from protonet.runtime.step import SMALL, Buffer, Emit

TURNS = 400_000  # FMAs of each chain: some ms
FAR = 96 << 20  # bytes that no cache of a few cores holds
ROUNDS = 6


@dataclass(frozen=True)
class Limits:
    """In FLOP/s and bytes/s, of so many threads together."""

    threads: int
    flops: float
    near: float
    far: float

    def least(self, macs, size):
        """Seconds that a layer of so many multiply-adds must take, going through `size` bytes once."""
        return max(2 * macs / self.flops, size / (self.near if size < self.threads * l2() else self.far))

    def __str__(self):
        return (
            f"{self.threads} thread{'s' * (self.threads > 1)} can do {self.flops / 1e9:.0f} GFLOP/s at most, "
            f"read {self.near / 1e9:.0f} GB/s from L2 and {self.far / 1e9:.1f} GB/s from memory"
        )


class Named:
    name = "limits"


def measure(threads):
    """The Limits of this machine now, in less than a second."""
    sums = Buffer((threads, max(peak.CHAINS * W, peak.LINE * W, SMALL // 4)), "own")  # a step over less is one thread's
    flops = 2 * W * peak.CHAINS * TURNS * threads / best(peak.multiply, threads, sums, TURNS)
    speeds = []
    for size, times in (l2() // 2, 64), (FAR // threads, 1):
        size = size // (4 * W * peak.LINE) * (4 * W * peak.LINE)
        memory = piece(threads * size)[: threads * size].view(np.float32)
        memory[::1024] = 0  # pages that nobody has written to are one page of zeros
        rows = Buffer((threads, size // 4), "own", memory=memory)
        speeds.append(threads * size * times / best(peak.read, threads, rows, sums, times))
    return Limits(threads, flops, *speeds)


def best(kernel, threads, *arguments):
    """Seconds of the best of some runs, a task for each thread."""
    emit, least = Emit().of(Named), float("inf")
    emit(kernel, *arguments, tasks=threads)
    program = Program(emit.steps, plan.exact(emit.steps), threads)
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        program.run()
        least = min(least, time.perf_counter() - begun)
    return least
