"""What kernels cost before they run: imports, compiling each, loading each from the cache.

python -m tests.perf.cold            loads what the cache has, compiles the rest
PROTONET_CACHE=$(mktemp -d) python -m tests.perf.cold      compiles all, in one process; --workers: in several
"""

import importlib
import pkgutil
import sys
import time

begun = time.perf_counter()
import numpy as np  # noqa: E402, F401

with_numpy = time.perf_counter()
import protonet.kernels  # noqa: E402
from protonet.kernels import objects, prepare  # noqa: E402
from protonet.kernels.jit import KERNELS, Kernel  # noqa: E402

with_jit = time.perf_counter()
COMPILER = "compile", "array", "prepare"


def modules():
    for each in pkgutil.walk_packages(protonet.kernels.__path__, "protonet.kernels."):
        if each.name.rpartition(".")[2] not in COMPILER:
            importlib.import_module(each.name)


def wanted():
    """Each kernel, and each that may work in place once more."""
    for each in list(KERNELS.values()):
        yield each, ()
        if isinstance(each, Kernel) and each.pairs:
            yield each, tuple(each.pairs)


if __name__ == "__main__":
    modules()
    with_all = time.perf_counter()
    ms = [1e3 * t for t in (with_numpy - begun, with_jit - with_numpy, with_all - with_jit)]
    print("import: numpy {:.0f} ms, the declarations {:.0f} ms, all modules of kernels {:.0f} ms".format(*ms))
    jobs, took = list(wanted()), {}
    if "--workers" in sys.argv:
        begun = time.perf_counter()
        prepare.prepare(jobs)
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
