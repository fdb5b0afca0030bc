"""What the plans must know of the CPU: floats a vector, registers, and how large its caches are."""

import ctypes
import os
import struct
import sys
from functools import cache
from pathlib import Path

import llvmlite.binding as llvm

from protonet.kernels.simd import REGISTERS, W

__all__ = ["REGISTERS", "W", "fast", "fmas", "l2"]
HALVED = ("znver4",)  # do 16 floats in two goes
UNITS = {"K": 1 << 10, "M": 1 << 20}
USUAL = 512 << 10  # bytes
CPU = Path("/sys/devices/system/cpu/cpu0")
RECORD = struct.Struct("<QI4xB3xI8x")  # Windows: mask of logical processors, kind, and of a cache its level and bytes
CORE, CACHE = 0, 2  # kinds


def fmas():
    """Vectors that a core multiplies and adds in a cycle: two, but one where a vector takes two goes."""
    return 1 if W == 16 and (os.environ.get("NUMBA_CPU_NAME") or llvm.get_host_cpu_name()) in HALVED else 2


def fast():
    """Whether arithmetic outruns the third-level cache: at 32 multiply-adds a cycle, not at 16."""
    return fmas() * W >= 32


@cache
def l2():
    """Bytes of the second-level cache that a core has for itself: its share, where several cores have one."""
    return linux() or mac() or windows() or USUAL


def linux():
    for folder in sorted((CPU / "cache").glob("index*")):
        try:
            if (folder / "level").read_text().strip() == "2":
                size = (folder / "size").read_text().strip()
                return int(size[:-1]) * UNITS[size[-1]] // cores(folder)
        except (OSError, ValueError, KeyError):
            continue
    return 0


def cores(folder):
    """How many share a cache; the threads of a core count as one."""
    try:
        sharing = (folder / "shared_cpu_list").read_text()
        return max(1, listed(sharing) // listed((CPU / "topology" / "thread_siblings_list").read_text()))
    except (OSError, ValueError):
        return 1


def listed(text):
    """How many numbers a list like 0-3,8 has."""
    ends = [part.split("-") for part in text.strip().split(",")]
    return sum(int(each[-1]) - int(each[0]) + 1 for each in ends)


def mac():
    if sys.platform != "darwin":
        return 0
    for name in (b"hw.perflevel0.l2cachesize", b"hw.l2cachesize"):
        if size := sysctl(name):
            return min(size, 4 << 20)  # shared by the cores of a cluster
    return 0


def sysctl(name):
    value, size = ctypes.c_int64(), ctypes.c_size_t(8)
    failed = ctypes.CDLL(None).sysctlbyname(name, ctypes.byref(value), ctypes.byref(size), None, 0)
    return 0 if failed else value.value


def windows():
    """The smallest there is, where cores differ."""
    records = list(RECORD.iter_unpack(processors())) if sys.platform == "win32" else []
    cores = [mask for mask, kind, *_ in records if kind == CORE]
    caches = [(mask, size) for mask, kind, level, size in records if kind == CACHE and level == 2]
    return min((size // max(1, sum(bool(mask & core) for core in cores)) for mask, size in caches), default=0)


def processors():
    """What GetLogicalProcessorInformation writes: records of 32 bytes (on 64-bit Windows), or nothing."""
    ask, size = ctypes.CDLL("kernel32").GetLogicalProcessorInformation, ctypes.c_uint32(0)
    ask(None, ctypes.byref(size))  # fails, and says how much
    room = ctypes.create_string_buffer(size.value)
    return room.raw[: size.value] if ask(room, ctypes.byref(size)) else b""
