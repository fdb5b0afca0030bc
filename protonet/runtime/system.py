"""What the executor asks of the operating system: how many threads, which core, how to sleep, what time it is."""

import ctypes
import math
import os
import sys
import time
from functools import cache
from pathlib import Path

from protonet.errors import ProtonetError

WINDOWS = sys.platform == "win32"
CGROUP, SELF = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def threads():
    """The number of threads that programs use by default: PROTONET_NUM_THREADS, or the cores this process may use."""
    asked = os.environ.get("PROTONET_NUM_THREADS")
    if asked:
        if not asked.isdecimal() or int(asked) < 1:
            raise ProtonetError(f"PROTONET_NUM_THREADS is a number from 1 on, not '{asked}'")
        return int(asked)
    return cores()


def cores():
    """Those that this process may use, by its affinity and by what its container grants."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(bound, math.ceil(quota()) if math.isfinite(quota()) else bound))


@cache
def quota():
    """Cores' worth of time that the container grants (cgroup v2 or v1); infinite if it says nothing."""
    least = math.inf
    try:
        lines = [line.split(":", 2) for line in SELF.read_text().splitlines()]
    except OSError:
        return least
    for _, controllers, path in lines:
        if controllers and "cpu" not in controllers.split(","):
            continue
        top = CGROUP / controllers if controllers else CGROUP
        inner = top / path.lstrip("/")
        for folder in {top, inner, *inner.parents} - {CGROUP.parent, *CGROUP.parent.parents}:
            least = min(least, granted(folder))
    return least


def granted(folder):
    try:
        if (folder / "cpu.max").exists():
            limit, period = (folder / "cpu.max").read_text().split()
        else:
            limit, period = ((folder / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        return math.inf if limit == "max" or int(limit) < 0 else int(limit) / int(period)
    except (OSError, ValueError):
        return math.inf


@cache
def library():
    """PyDLL: these calls are too short to let go of the interpreter lock for."""
    return ctypes.PyDLL("kernel32") if WINDOWS else ctypes.PyDLL(None)


def entry(name):
    return ctypes.cast(getattr(library(), name), ctypes.c_void_p).value


@cache
def sleep():
    """(address, argument) of a call that gives the core away: 20 us, or on Windows the rest of the time slice."""
    return (entry("Sleep"), 0) if WINDOWS else (entry("usleep"), 20)


@cache
def clock():
    """(address, which) of a call (which, where) that writes the time; which is -1 on Windows, whose call is (where)."""
    return (entry("QueryPerformanceCounter"), -1) if WINDOWS else (entry("clock_gettime"), time.CLOCK_MONOTONIC)


def nanoseconds(stamps):
    """The time of each stamp (n, 2), as the clock wrote it."""
    if WINDOWS:
        frequency = ctypes.c_int64()
        library().QueryPerformanceFrequency(ctypes.byref(frequency))
        return stamps[:, 0] * (10**9 / frequency.value)
    return stamps[:, 0] * 10**9 + stamps[:, 1]


@cache
def _getcpu():
    known = hasattr(os, "sched_setaffinity") and hasattr(library(), "sched_getcpu")
    return library().sched_getcpu if known else lambda: None


def core():
    """The core this thread runs on; None where threads cannot be bound, so that it does not matter."""
    return _getcpu()()


def keep_off(home, workers):
    """Bind threads to cores other than `home`: each to its own, or if there are plenty, to any of the others."""
    others = sorted(os.sched_getaffinity(0) - {home}) or [home]
    for i, worker in enumerate(workers):
        os.sched_setaffinity(worker.native_id, set(others) if len(workers) < len(others) else {others[i % len(others)]})
