"""What the plans must know of the CPU: floats a vector, registers, and how large its caches are."""

import ctypes
import os
import sys
from functools import cache
from pathlib import Path

import llvmlite.binding as llvm

from protonet.kernels.simd import REGISTERS, W

__all__ = ["REGISTERS", "W", "fmas", "l2"]
HALVED = ("znver4",)  # do 16 floats in two goes
UNITS = {"K": 1 << 10, "M": 1 << 20}
USUAL = 512 << 10  # bytes


def fmas():
    """Vectors that a core multiplies and adds in a cycle: two, but one where a vector takes two goes."""
    return 1 if W == 16 and (os.environ.get("NUMBA_CPU_NAME") or llvm.get_host_cpu_name()) in HALVED else 2


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
