"""The size of the second-level cache, as each system tells it; and what is taken where none does."""

import ctypes
import struct
import sys

import pytest

from protonet.engine import machine


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Forget this machine: write(path, text) puts a file into a made-up /sys/devices/system/cpu/cpu0."""
    machine.l2.cache_clear()
    monkeypatch.setattr(machine, "CPU", tmp_path)
    monkeypatch.setattr(sys, "platform", "linux")

    def write(path, text):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")

    yield write
    machine.l2.cache_clear()


def caches(write, size, sharing="0", siblings="0"):
    """As Linux lists them: two of the first level before the second."""
    for i, (level, bytes_) in enumerate([("1", "32K"), ("1", "48K"), ("2", size), ("3", "32768K")]):
        write(f"cache/index{i}/level", level)
        write(f"cache/index{i}/size", bytes_)
        write(f"cache/index{i}/shared_cpu_list", sharing if level == "2" else "0")
    write("topology/thread_siblings_list", siblings)


@pytest.mark.parametrize(
    ("size", "sharing", "siblings", "expected"),
    [
        ("1024K", "0", "0", 1 << 20),
        ("2M", "0", "0", 2 << 20),
        ("1280K", "0,64", "0,64", 1280 << 10),  # two threads of a core
        ("2048K", "0-3", "0", 512 << 10),  # a cluster of four cores
        ("4096K", "0-3,8-11", "0,8", 1 << 20),
        ("1024K", "nonsense", "0", 1 << 20),
        ("1024K", "", "0", 1 << 20),
    ],
)
def test_linux_tells_a_cores_share(asked, size, sharing, siblings, expected):
    caches(asked, size, sharing, siblings)
    assert machine.l2() == expected


def test_linux_without_topology_gives_all_of_it(asked):
    asked("cache/index0/level", "2")
    asked("cache/index0/size", "256K")
    assert machine.l2() == 256 << 10


@pytest.mark.parametrize("size", ["", "K", "many", "12Q"])
def test_what_makes_no_sense_is_passed_over(asked, size):
    asked("cache/index2/level", "2")
    asked("cache/index2/size", size)
    assert machine.l2() == machine.USUAL


def test_a_container_may_hide_everything(asked):
    assert machine.l2() == machine.USUAL


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({b"hw.perflevel0.l2cachesize": 12 << 20, b"hw.l2cachesize": 4 << 20}, 4 << 20),  # a cluster's
        ({b"hw.l2cachesize": 256 << 10}, 256 << 10),
        ({}, machine.USUAL),
    ],
)
def test_macos_tells_by_sysctl(asked, monkeypatch, known, expected):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(machine, "sysctl", lambda name: known.get(name, 0))
    assert machine.l2() == expected


def core(mask):
    return struct.pack("<QIIQQ", mask, 0, 0, 1, 0)


def cache(mask, level, size):
    """A CACHE_DESCRIPTOR: level, ways, bytes a line, bytes, kind."""
    return struct.pack("<QIIBBHIIi", mask, 2, 0, level, 8, 64, size, 0, 0)


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([core(3), cache(3, 1, 32 << 10), cache(3, 2, 1 << 20), cache(3, 3, 32 << 20)], 1 << 20),
        ([core(3), core(4), core(8), cache(3, 2, 2 << 20), cache(12, 2, 2 << 20)], 1 << 20),  # two cores share one
        ([core(1), cache(1, 1, 32 << 10)], machine.USUAL),
        ([], machine.USUAL),
    ],
)
def test_windows_tells_by_records(asked, monkeypatch, records, expected):
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(machine, "processors", lambda: b"".join(records))
    assert machine.l2() == expected


def test_records_are_read_to_the_last_byte(monkeypatch):
    """The call says how much, then writes it."""
    wanted = core(1) + cache(1, 2, 1 << 20)

    class Kernel32:
        @staticmethod
        def GetLogicalProcessorInformation(room, size):
            if room is None:
                size._obj.value = len(wanted)
                return 0
            ctypes.memmove(room, wanted, len(wanted))
            return 1

    monkeypatch.setattr(ctypes, "CDLL", lambda name: Kernel32)
    assert machine.processors() == wanted
