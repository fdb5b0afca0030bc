"""What the machine can do: measured, and what follows for a layer."""

import pytest

from protonet.engine import limits
from protonet.engine.machine import l2
from protonet.runtime.step import SMALL


@pytest.mark.parametrize("threads", [1, 2])
def test_they_are_measured(threads, monkeypatch):
    monkeypatch.setattr(limits, "TURNS", 1000)
    monkeypatch.setattr(limits, "FAR", 1 << 20)
    monkeypatch.setattr(limits, "ROUNDS", 1)
    found = limits.measure(threads)
    assert found.threads == threads
    assert min(found.flops, found.near, found.far) > 0
    assert f"{threads} thread" in str(found)


def test_several_threads_have_a_peak_together(monkeypatch):
    """No step that is measured is so small that one thread would do it alone."""
    sizes = []

    class Seen(limits.Program):
        def __init__(self, steps, *more):
            sizes.extend(step.nbytes for step in steps)
            super().__init__(steps, *more)

    monkeypatch.setattr(limits, "Program", Seen)
    monkeypatch.setattr(limits, "TURNS", 1000)
    monkeypatch.setattr(limits, "FAR", 1 << 20)
    limits.measure(2)
    assert min(sizes) >= SMALL


def test_the_slower_of_arithmetic_and_memory_limits_a_layer():
    most = limits.Limits(2, 1e9, 1e9, 1e8)
    assert most.least(5_000_000, 10) == pytest.approx(0.01)
    assert most.least(10, l2()) == pytest.approx(l2() / 1e9)
    assert most.least(10, 4 * l2()) == pytest.approx(4 * l2() / 1e8)
