"""How many threads: what the user says, what the process may use, what the container grants."""

import math
import os

import numpy as np
import pytest

from protonet.errors import ProtonetError
from protonet.runtime import system


@pytest.fixture
def cgroup(tmp_path, monkeypatch):
    """write(path, text) puts a file into a made-up /sys/fs/cgroup; own(text) is /proc/self/cgroup."""
    system.quota.cache_clear()
    monkeypatch.setattr(system, "CGROUP", tmp_path / "cgroup")
    monkeypatch.setattr(system, "SELF", tmp_path / "self")
    monkeypatch.delenv("PROTONET_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)), raising=False)

    def write(path, text):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    yield write
    system.quota.cache_clear()


def test_the_environment_decides(monkeypatch):
    monkeypatch.setenv("PROTONET_NUM_THREADS", "7")
    assert system.threads() == 7


@pytest.mark.parametrize("wrong", ["0", "-1", "two", "1.5"])
def test_a_wrong_number_is_named(monkeypatch, wrong):
    monkeypatch.setenv("PROTONET_NUM_THREADS", wrong)
    with pytest.raises(ProtonetError, match=f"PROTONET_NUM_THREADS is a number from 1 on, not '{wrong}'"):
        system.threads()


def test_affinity_counts(cgroup, monkeypatch):
    assert system.threads() == 16
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5}, raising=False)
    assert system.threads() == 2


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({"self": "0::/\n", "cgroup/cpu.max": "250000 100000\n"}, 3),
        ({"self": "0::/a/b\n", "cgroup/a/cpu.max": "200000 100000\n", "cgroup/a/b/cpu.max": "max 100000\n"}, 2),
        ({"self": "0::/a/b\n", "cgroup/cpu.max": "max 100000\n"}, 16),
        ({"self": "0::/\n", "cgroup/cpu.max": "50000 100000\n"}, 1),
        ({"self": "4:cpu,cpuacct:/\n", "cgroup/cpu,cpuacct/cpu.cfs_quota_us": "400000",
          "cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000"}, 4),
        ({"self": "4:cpu,cpuacct:/x\n1:memory:/x\n", "cgroup/cpu,cpuacct/x/cpu.cfs_quota_us": "-1",
          "cgroup/cpu,cpuacct/x/cpu.cfs_period_us": "100000"}, 16),
        ({"self": "0::/\n", "cgroup/cpu.max": "nonsense"}, 16),
        ({}, 16),
    ],
)  # fmt: skip
def test_a_containers_grant_counts(cgroup, files, cores):
    for path, text in files.items():
        cgroup(path, text)
    assert system.threads() == cores


def test_no_grant_is_no_limit(cgroup):
    assert system.quota() == math.inf


def test_stamps_are_nanoseconds(monkeypatch):
    monkeypatch.setattr(system, "WINDOWS", False)
    assert list(system.nanoseconds(np.array([[1, 5], [2, 0]]))) == [1_000_000_005, 2_000_000_000]
