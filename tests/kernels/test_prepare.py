"""Compiling what is missing, in processes of their own."""

import logging
import sys

import numpy as np
import pytest

from protonet.kernels import objects, pointwise, prepare
from protonet.kernels.jit import f32, kernel
from tests.kernels.tools import compiled

N = "N"
WANTED = [(k, ()) for k in (pointwise.fill, pointwise.copy, pointwise.scale, pointwise.axpy)]
IN_PLACE = pointwise.scale, (("y", "x"),)


@pytest.fixture
def cold(tmp_path, monkeypatch):
    """An empty cache, and no code loaded."""
    monkeypatch.setenv("PROTONET_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(objects, "LOADED", {})
    objects.folder.cache_clear()
    yield tmp_path / "cache"
    objects.folder.cache_clear()


def kept(place):
    return sorted(path.name.rpartition(".o")[0].rpartition(".")[0] for path in place.glob("*/*.o"))


@kernel(out="y")
def broken(y: f32[N], begin, end):
    raise ValueError


@pytest.mark.slow
def test_missing_kernels_are_compiled_by_workers(cold, caplog, monkeypatch):
    monkeypatch.setattr(prepare, "FEW", 0)
    with caplog.at_level(logging.INFO):
        prepare.prepare([*WANTED, IN_PLACE, (broken, ())], cores=2)
    names = ["axpy", "copy", "fill", "scale", "scale.y_is_x"]
    assert kept(cold) == [f"pointwise.{name}" for name in names]
    assert "compiling 6 kernels (first use on this machine)..." in caplog.messages
    assert any("broken may raise an exception" in message for message in caplog.messages)
    caplog.clear()
    with caplog.at_level(logging.INFO):
        prepare.prepare([*WANTED, IN_PLACE], cores=2)
    assert not caplog.messages
    y = np.zeros(3, np.float32)
    compiled(pointwise.fill, y, 2.0)
    assert (y == 2).all()


def test_without_processes_nothing_is_lost(cold, caplog, monkeypatch):
    monkeypatch.setattr(prepare, "FEW", 0)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    prepare.prepare(WANTED, cores=2)
    assert kept(cold) == []
    y = np.zeros(3, np.float32)
    compiled(pointwise.fill, y, 2.0)
    assert (y == 2).all()


def test_a_worker_answers_every_line(cold):
    said = []

    class Out:
        write, flush = said.append, lambda self: None

    prepare.work(["protonet.kernels.pointwise pointwise.fill\n", "no.such.module it\n", "os nothing\n"], Out())
    assert said[0] == "ok\n"
    assert "No module named 'no'" in said[1]
    assert said[2].startswith("AttributeError: module 'os'")
    assert kept(cold) == ["pointwise.fill"]
