"""One fuzzing run, in a process of its own: it may crash, hang or take all memory, and test_fuzz.py sees that.

    python -m tests.fuzz TARGET FOLDER SECONDS SEED

FOLDER/case holds what was tried last.  Anything but a ProtonetError is a failure; so is one try of more than a minute.
In 0 seconds, some cases that are always the same; the first failure ends that.  Otherwise the search goes on behind
one, and FOLDER/failure-N holds each with its case, a few for each place in the code.
"""

import faulthandler
import logging
import os
import random
import sys
import time
import traceback
import warnings
from collections import Counter
from importlib import import_module
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisWarning

from protonet.errors import ProtonetError
from protonet.kernels import jit
from protonet.runtime import execute, limit

HANG = 60  # seconds, of which compiling takes none
MORE = 3 << 30  # bytes of addresses: what nets may take, 1 GiB, and as much again twice for code and threads
SIZE = Path("/proc/self/statm")
EXAMPLES = {  # in the suite: the same cases whatever a machine's speed; a minute in all
    "text": 800, "binary": 900, "layers": 800, "solvers": 150, "states": 600, "engine": 120, "programs": 400,
    "deploy": 60, "data": 250, "training": 70,
}  # fmt: skip
ROUND = 100  # examples of one start
PER_PLACE = 3  # failures that are kept of one place


class Run:
    """folder: where cases and failures are kept; until: when to stop trying, None for never."""

    def __init__(self, attempt, folder, until):
        self.attempt, self.folder, self.until = attempt, folder, until
        self.tried, self.good, self.failed = 0, 0, Counter()

    def one(self, data):
        if self.over():
            return
        faulthandler.dump_traceback_later(HANG, exit=True)
        self.tried += 1
        try:
            self.attempt(data)
            self.good += 1
        except ProtonetError:
            pass
        except Exception as error:
            if self.until is None:
                raise
            self.keep(error)
        finally:
            faulthandler.cancel_dump_traceback_later()

    def over(self):
        return self.until is not None and time.monotonic() > self.until

    def keep(self, error):
        """Write a failure down, unless there are enough of its kind."""
        frames = traceback.extract_tb(error.__traceback__)
        ours = [f for f in frames if "/protonet/" in f.filename] or frames
        place = type(error).__name__, ours[-1].filename, ours[-1].lineno
        self.failed[place] += 1
        if self.failed[place] <= PER_PLACE:
            case = self.folder / "case"
            head = "".join(traceback.format_exception(error))
            text = case.read_text("utf-8", "backslashreplace") if case.exists() else ""
            path = self.folder / f"failure-{len(list(self.folder.glob('failure-*')))}"
            path.write_text(f"{head}\n{text}", "utf-8", "backslashreplace")


def unhurried(compile):
    """Compiling is not hanging, and takes its time on a busy machine."""

    def patient(*arguments):
        faulthandler.dump_traceback_later(10 * HANG, exit=True)
        try:
            return compile(*arguments)
        finally:
            faulthandler.dump_traceback_later(HANG, exit=True)

    return patient


def bound():
    """From now on, asking for very much memory is a MemoryError; where the system says how much there is."""
    if SIZE.exists():
        import resource

        most = int(SIZE.read_text().split()[0]) * resource.getpagesize() + MORE
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def main(what, folder, seconds, start):
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", category=HypothesisWarning)  # that texts are long
    logging.disable(logging.CRITICAL)
    faulthandler.enable()
    os.environ["OPENCV_LOG_LEVEL"] = "OFF"
    bound()
    execute.prepare, jit.Kernel.compile = unhurried(execute.prepare), unhurried(jit.Kernel.compile)
    strategy, attempt = import_module(f"tests.fuzz.{what}").target(folder)
    run = Run(attempt, folder, time.monotonic() + seconds if seconds else None)
    quiet = settings(
        max_examples=min(ROUND, EXAMPLES[what]), deadline=None, database=None, suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )  # fmt: skip
    rng = random.Random(start)
    while not run.over() and (seconds or run.tried < EXAMPLES[what]):
        seed(rng.getrandbits(32))(quiet(given(strategy)(run.one)))()
    sys.stdout.write(f"{run.tried} {run.good} {sum(run.failed.values())}\n")
    for (kind, file, line), count in run.failed.most_common():
        sys.stderr.write(f"{count} x {kind} at {file}:{line}\n")
    return bool(run.failed)


if __name__ == "__main__":
    assert limit.limit() > 0
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))
