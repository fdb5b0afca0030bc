"""Compile what is missing, in as many processes as there are cores: each line a worker reads is one kernel.

python -m protonet.kernels.prepare          a worker: "module kernel y x y x ..." in, "ok" or what went wrong out
"""

import logging
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue

from protonet.kernels import objects
from protonet.kernels.jit import KERNELS

log = logging.getLogger(__name__)
FEW = 3  # kernels that are quicker compiled here than by a process that must first import numba


def prepare(wanted, workers=None):
    """Have the code of each (kernel, shared) in the cache.  What a worker cannot do is left to this process, later."""
    missing = {k.symbol(shared): (k, shared) for k, shared in wanted}
    missing = {
        name: each for name, each in missing.items() if name not in objects.LOADED and not objects.kept(name)
    }
    if not missing:
        return
    log.info("compiling %d kernels (first use on this machine)...", len(missing))
    apart = [each for each in missing.values() if each[0].module != "__main__"]
    workers = min(cores() if workers is None else workers, len(apart))
    if workers > 1 and len(apart) > FEW and sys.executable:
        jobs: SimpleQueue = SimpleQueue()
        for each in apart:
            jobs.put(each)
        with ThreadPoolExecutor(workers) as pool:
            for _ in range(workers):
                pool.submit(employ, jobs)


def cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def employ(jobs):
    """Give jobs to one worker process until there are none."""
    path = os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, sys.path)])
    environment = os.environ | {"PYTHONPATH": path, "PROTONET_CACHE": str(objects.folder().parent)}
    command = [sys.executable, "-m", "protonet.kernels.prepare"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment) as worker:
        while True:
            try:
                kernel, shared = jobs.get_nowait()
            except Empty:
                break
            names = [name for pair in shared for name in pair]
            worker.stdin.write(" ".join([kernel.module, kernel.name, *names]) + "\n")
            worker.stdin.flush()
            answer = worker.stdout.readline()
            if not answer:
                break
            if answer != "ok\n":
                log.warning("compiling %s: %s", kernel.name, answer.strip())
        worker.stdin.close()


def work():
    import importlib

    for line in sys.stdin:
        module, name, *names = line.split()
        try:
            importlib.import_module(module)
            kernel, shared = KERNELS[name], tuple(zip(names[::2], names[1::2], strict=True))
            objects.keep(kernel.symbol(shared), kernel.compile(shared))
            answer = "ok"
        except Exception as error:
            answer = f"{type(error).__name__}: {error}".replace("\n", " ")
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    work()
