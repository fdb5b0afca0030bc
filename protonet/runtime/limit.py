"""limit: how much memory nets may take, so that a misread size is an error and not the end of the process.

    PROTONET_MAX_MEMORY=8G      # bytes, or with K, M, G, T; `--max-memory` says the same

Without it, what the machine (or the container) has free when first asked.  A blob alone is held against it when it is
made; all that a program touches when that is put together: memory that nobody writes to is never taken.
"""

import ctypes
import os
import re
import sys
from functools import cache
from math import prod
from pathlib import Path

from protonet.errors import ProtonetError, ShapeError

VARIABLE = "PROTONET_MAX_MEMORY"
UNITS = "BKMGTP"
MEMINFO, CGROUP = Path("/proc/meminfo"), Path("/sys/fs/cgroup")
UNKNOWN = 1 << 47  # more than a process can address
MOST = 1 << 60  # of numbers: how far apart they lie, in bytes, must be an int64 even where there are none


def limit():
    """Bytes that may be taken."""
    asked = os.environ.get(VARIABLE)
    return parsed(asked) if asked else available()


def parsed(text):
    """The bytes that `500M` means."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([BKMGTP]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    if found is None or not float(found[1]):
        raise ProtonetError(f"{VARIABLE} is a number of bytes, such as 8G or 500M, found '{text}'")
    return int(float(found[1]) * 1024 ** UNITS.index(found[2].upper() or "B"))


@cache
def available():
    """What the system says is free now, in bytes; less where the container grants less."""
    free = windows() if sys.platform == "win32" else linux() or physical()
    return min(free or UNKNOWN, granted() or UNKNOWN)


def linux():
    try:
        found = re.search(r"^MemAvailable:\s*(\d+) kB", MEMINFO.read_text(), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) * 1024 if found else None


def physical():
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def windows():
    words = (ctypes.c_uint64 * 8)()  # two 32-bit words, then total and free physical memory, ...
    ctypes.cast(words, ctypes.POINTER(ctypes.c_uint32))[0] = ctypes.sizeof(words)
    ok = getattr(ctypes, "windll").kernel32.GlobalMemoryStatusEx(ctypes.byref(words))  # noqa: B009  (Windows only)
    return words[2] if ok else None


def granted():
    """What is left of a container's memory (cgroup v2 or v1)."""
    for most, used in (
        (CGROUP / "memory.max", CGROUP / "memory.current"),
        (CGROUP / "memory" / "memory.limit_in_bytes", CGROUP / "memory" / "memory.usage_in_bytes"),
    ):
        try:
            return max(int(most.read_text()) - int(used.read_text()), 1)
        except (OSError, ValueError):  # absent, or "max"
            continue
    return None


def check(shape, what, itemsize=4):
    """Refuse an array of this shape if it alone is more than may be taken, or is no array at all."""
    if any(n < 0 for n in shape):
        raise ShapeError(f"{what}: a shape has no negative sizes, found {tuple(shape)}")
    if 0 in shape and prod(max(n, 1) for n in shape) >= MOST:
        raise ShapeError(f"{what}: nothing, but of sizes that no array has, {tuple(shape)}: one of them is misread")
    need(itemsize * prod(shape), f"{what} of shape {tuple(shape)}")


def need(size, what):
    """Refuse to take so many bytes for `what`."""
    most = limit()
    if size > most:
        raise ShapeError(
            f"{what} needs {size} bytes ({readable(size)}), and {readable(most)} may be taken: "
            f"make it smaller, or allow more with --max-memory or {VARIABLE}"
        )


def readable(size):
    power = min(max(size.bit_length() - 1, 0) // 10, len(UNITS) - 1)
    return f"{size / 1024**power:.3g} {UNITS[power]}{'iB' if power else ''}".replace(" BiB", " B")


def hold(steps, plan):
    """Refuse a program whose memory all together is more than may be taken, and name the largest part."""
    own: dict = {}
    for step in steps:
        for view in step.views:
            buffer = view.buffer
            if buffer not in plan.place:
                key = buffer if buffer.memory is None else buffer.memory.ctypes.data
                if key not in own or own[key].nbytes < buffer.nbytes:
                    own[key] = buffer
    total = sum(plan.sizes.values()) + sum(buffer.nbytes for buffer in own.values())
    if total > limit():
        largest = max(own.values(), key=lambda buffer: buffer.nbytes, default=None)
        hint = f" (its largest blob is '{largest.name}' {largest.shape}, {largest.nbytes} bytes)" if largest else ""
        need(total, f"running this net{hint}")
