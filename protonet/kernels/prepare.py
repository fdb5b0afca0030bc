"""Compile what is missing, in as many processes as there are cores.

python -m protonet.kernels.prepare is a worker: a line "module kernel y x y x ..." in, "ok" or what went wrong out.
"""

import importlib
import inspect
import logging
import os
import sys
from pathlib import Path

from protonet.kernels import objects
from protonet.kernels.jit import KERNELS, Inline

log = logging.getLogger(__name__)
FEW, MOST = 3, 16  # kernels that are quicker compiled here than in a process that must first import numba; processes


def prepare(wanted, cores=None):
    """Have the code of each (kernel, shared) in the cache; how many were missing.

    What few there are, and what a worker cannot do, is left to this process, when it is asked for.
    """
    missing = {
        k.symbol(shared): (k, shared)
        for k, shared in wanted
        if k.symbol(shared) not in objects.LOADED and not objects.file(k.symbol(shared), k.module).exists()
    }
    if not missing:
        return 0
    log.info("compiling %d kernels (first use on this machine)...", len(missing))
    jobs = [each for each in missing.values() if each[0].module != "__main__"]
    jobs.sort(key=lambda job: -weight(job[0].function))  # what takes longest shall not be last
    workers = min(cores or os.cpu_count() or 1, len(jobs) // 2, MOST)
    if workers > 1 and len(jobs) > FEW and sys.executable:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(employ, [jobs] * workers))
    return len(missing)


def weight(function):
    """How much code numba will see: that of a function and of what is inlined into it."""
    names = inspect.getclosurevars(function)
    known = [*names.globals.values(), *names.nonlocals.values()]
    return len(function.__code__.co_code) + sum(weight(each.function) for each in known if isinstance(each, Inline))


def employ(jobs):
    """Give jobs to a worker process, one by one, until there are none."""
    import subprocess

    path = os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, sys.path)])
    environment = os.environ | {"PYTHONPATH": path, "PROTONET_CACHE": str(objects.folder().parent)}
    command, pipe = [sys.executable, "-m", __spec__.name], subprocess.PIPE
    try:
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment) as worker:
            assert worker.stdin is not None
            assert worker.stdout is not None
            while jobs:
                kernel, shared = jobs.pop(0)
                words = [kernel.module, kernel.name, *(name for pair in shared for name in pair)]
                worker.stdin.write(" ".join(words) + "\n")
                worker.stdin.flush()
                answer = worker.stdout.readline()
                if answer != "ok\n":
                    log.warning("compiling %s elsewhere: %s", kernel.name, answer.strip() or "the process ended")
                if not answer:
                    break
            worker.stdin.close()
    except (OSError, IndexError) as error:  # no process to be had, or another worker took the last job
        log.debug("compiling elsewhere: %s", error)


def work(lines, out):
    for line in lines:
        module, name, *names = line.split()
        try:
            home = importlib.import_module(module)
            kernel = KERNELS[name] if name in KERNELS else home.named(name)  # one of a family, made when asked for
            shared = tuple(zip(names[::2], names[1::2], strict=True))
            objects.keep(kernel.symbol(shared), module, kernel.compile(shared))
            answer = "ok"
        except Exception as error:
            answer = f"{type(error).__name__}: {error}".replace("\n", " ")
        out.write(answer + "\n")
        out.flush()


if __name__ == "__main__":
    try:
        work(sys.stdin, sys.stdout)
    except KeyboardInterrupt:  # the parent has it too
        pass
