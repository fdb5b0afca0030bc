"""What kernels cost before they run: imports, compiling each, loading each from the cache.

python -m tests.perf.cold            loads what the cache has, compiles the rest
PROTONET_CACHE=$(mktemp -d) python -m tests.perf.cold      compiles all, in one process; --workers: in two
"""

import sys
import time

begun = time.perf_counter()
import numpy as np  # noqa: E402, F401

with_numpy = time.perf_counter()
from protonet.kernels import catalog, objects, prepare  # noqa: E402

with_jit = time.perf_counter()

if __name__ == "__main__":
    jobs, took = catalog.kernels(), {}
    with_all = time.perf_counter()
    ms = [1e3 * t for t in (with_numpy - begun, with_jit - with_numpy, with_all - with_jit)]
    print("import: numpy {:.0f} ms, the declarations {:.0f} ms, all modules of kernels {:.0f} ms".format(*ms))
    if "--workers" in sys.argv:
        begun = time.perf_counter()
        prepare.prepare(jobs, 2)
        print(f"prepare: {time.perf_counter() - begun:.1f} s for {len(jobs)} kernels")
    objects.engine()
    for each, shared in jobs:
        begun = time.perf_counter()
        each.address(shared)
        took[each.symbol(shared)] = 1e3 * (time.perf_counter() - begun)
    slowest = ", ".join(f"{name} {ms:.0f}" for name, ms in sorted(took.items(), key=lambda item: -item[1])[:8])
    total = sum(took.values())
    print(f"{len(took)} kernels: {total:.0f} ms, {total / len(took):.2f} ms each; slowest: {slowest}")
    print("numba was imported" if "numba" in sys.modules else "numba was not imported")
