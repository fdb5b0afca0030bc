"""What the plans must know of the CPU: floats a vector, registers, and how large its caches are."""

import ctypes
import sys
from functools import cache
from pathlib import Path

from protonet.kernels.simd import REGISTERS, W

__all__ = ["REGISTERS", "W", "l2"]
UNITS = {"K": 1 << 10, "M": 1 << 20}
USUAL = 512 << 10  # bytes


@cache
def l2():
    """Bytes of the second-level cache of a core."""
    return linux() or mac() or USUAL


def linux():
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        try:
            if (folder / "level").read_text().strip() == "2":
                size = (folder / "size").read_text().strip()
                return int(size[:-1]) * UNITS[size[-1]]
        except (OSError, ValueError, KeyError):
            continue
    return 0


def mac():
    if sys.platform != "darwin":
        return 0
    value, size = ctypes.c_int64(), ctypes.c_size_t(8)
    for name in (b"hw.perflevel0.l2cachesize", b"hw.l2cachesize"):
        if ctypes.CDLL(None).sysctlbyname(name, ctypes.byref(value), ctypes.byref(size), None, 0) == 0:
            return min(value.value, 4 << 20)  # shared by the cores of a cluster
    return 0
