"""What the executor costs: us a step and a run, by size and threads, back to back and after sleep; planning.

python -m tests.perf.steps [threads ...]
"""

import sys
import time

from protonet.kernels import pointwise
from protonet.runtime import execute, plan
from protonet.runtime.step import Buffer, Emit


class Layer:
    name = "perf"


def program(steps, floats, threads, spans=True):
    emit = Emit().of(Layer)
    x, y = Buffer((floats,), "own"), Buffer((floats,), "own")
    for _ in range(steps):
        emit(pointwise.scale, x, y, 1.0, tasks=pointwise.tasks(x.shape))
        x, y = y, x
    it = execute.Program(emit.steps, plan.exact(emit.steps), threads=threads)
    if not spans:
        it.table[2 : plan.ROW * steps : plan.ROW] = 0
    it.run()
    return it


def times(run, n=300, gap=0.0):
    """(best, median) us."""
    found = []
    for _ in range(n):
        if gap:
            time.sleep(gap)
        begun = time.perf_counter_ns()
        run()
        found.append((time.perf_counter_ns() - begun) / 1e3)
    found.sort()
    return found[0], found[n // 2]


def steps(threads):
    print("us a step, of 100; each step shared, then with small ones in spans; us a run of one step")
    for floats in 16, 4096, 16384, 65536, 262144:
        for n in threads:
            each, median = (t / 100 for t in times(program(100, floats, n, spans=False).run))
            span = times(program(100, floats, n).run)[0] / 100
            one = times(program(1, floats, n, spans=False).run)[0]
            print(f"{floats:7} floats, {n} threads: {each:7.3f} (median {median:7.3f})  {span:7.3f}  {one:6.2f}")


def waking(threads):
    print("median us a run of K steps of 65536 floats: back to back, and after 2 ms of sleep")
    for k in 1, 4, 16, 64:
        for n in threads:
            run = program(k, 65536, n).run
            print(f"{k:4} steps, {n} threads: {times(run, 100)[1]:8.1f} {times(run, 100, 0.002)[1]:8.1f}")


def planning():
    emit = Emit().of(Layer)
    values = [Buffer((64, 1000), "io")]
    begun = time.perf_counter()
    for _ in range(250):
        y, s = Buffer((64, 1000)), emit.scratch(64, 1000)
        emit(pointwise.add, values[-1], values[-1], s, tasks=16)
        emit(pointwise.add, s, values[-1], y, tasks=16)
        values.append(y)
    for x, y in zip(values[2:], values[:0:-1], strict=False):  # what keeps all of them alive
        emit(pointwise.add, x, y, emit.scratch(64, 1000), tasks=16)
    emitted = time.perf_counter()
    found = plan.packed(emit.steps)
    planned = time.perf_counter()
    execute.Program(emit.steps, found)
    done = time.perf_counter()
    ms = [1e3 * (b - a) for a, b in ((begun, emitted), (emitted, planned), (planned, done))]
    print("{} steps: emit {:.1f} ms, plan {:.1f} ms, program {:.1f} ms".format(len(emit.steps), *ms))


if __name__ == "__main__":
    execute.WORTH = 0
    counts = [int(word) for word in sys.argv[1:]] or [1, 2]
    steps(counts)
    waking(counts)
    planning()
