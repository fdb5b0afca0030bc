"""Tuning: what is measured once decides ever after; the default measures nothing."""

import json
import os

import numpy as np
import pytest

from protonet.engine import choose, tune
from protonet.engine.tiles import Problem
from protonet.kernels import objects
from tests.engine.test_program import made
from tests.engine.tools import agree, conv, exact, operations, relu

BODY = conv("a", "x", 32, 3, pad=1) + relu("a") + conv("b", "a", 48, 3, pad=1)
SHAPE = (1, 32, 14, 14)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tune, "file", lambda: tmp_path / "tuned.json")
    return tmp_path


def names(program):
    return [op.choice.name for op in program.plans[0].planner.ops if hasattr(op, "choice")]


def test_what_is_measured_is_kept_and_then_obeyed(monkeypatch, rng):
    calls = []

    def last(problem, options, threads):
        calls.append(problem)
        return options[-1]

    monkeypatch.setattr(tune, "fastest", last)
    monkeypatch.setattr(tune, "NEAR", 1e9)
    first, document, weights = made(BODY, SHAPE, tune=True, threads=1)
    assert len(calls) == 2
    second, *_ = made(BODY, SHAPE, tune=True, threads=1)
    assert len(calls) == 2
    assert names(first) == names(second)
    made(BODY, SHAPE, tune=True, threads=2)  # measured on so many threads
    assert len(calls) == 4
    x = rng.normal(size=SHAPE).astype(np.float32)
    found, known = second.run(x)["b"], exact(document, weights, {"x": x})["b"]
    np.testing.assert_allclose(found, known, atol=1e-4 * np.abs(known).max())


@pytest.mark.parametrize("taken", ["direct", "winograd"])
def test_a_first_layer_whose_space_may_become_depth(taken, monkeypatch):
    calls = []

    def told(problem, options, threads):
        calls.append(problem)
        for option in options:
            tune.alone(problem, option, threads).run()
        return next(option for option in options if option.name == taken)

    monkeypatch.setattr(tune, "fastest", told)
    monkeypatch.setattr(tune, "NEAR", 1e9)
    body = conv("y", "x", 64, 7, stride=2, pad=3)
    program, _ = agree(body, (1, 3, 60, 60), threads=(1, 1), tolerance=1e-4, tune=True)
    assert len(calls) == 1
    assert any("to_depth" in name for name in operations(program)) == (taken == "winograd")
    calls.clear()
    agree(body, (1, 3, 60, 60), threads=(1,), exact=True, tune=True)
    assert not calls


def test_nothing_is_measured_unless_asked_for(monkeypatch):
    monkeypatch.setattr(tune, "fastest", None)
    made(BODY, SHAPE)


def test_every_algorithm_can_be_measured_alone(monkeypatch):
    monkeypatch.setattr(tune, "ENOUGH", 0)
    monkeypatch.setattr(tune, "ROUNDS", 1)
    monkeypatch.setattr(choose, "MANY_CHANNELS", 32)
    seen = set()

    def measured(problem, options):
        for option in options:
            tune.alone(problem, option, 1).run()
            seen.add(option.name)
        assert tune.fastest(problem, options, 1) in options
        return options[0]

    for problem in (
        Problem(1, 1, 64, 64, 12, 12, (3, 3)),
        Problem(2, 2, 32, 32, 9, 8, (5, 5)),
        Problem(1, 1, 64, 64, 8, 8, (1, 1), joined=True),
        Problem(1, 1, 128, 128, 8, 8, (1, 1), joined=True),
    ):
        choose.choose(problem, tune=measured)
    assert seen == {"direct", "winograd", "strassen"}


def test_the_first_stays_if_it_is_a_near_thing(monkeypatch):
    class Run:
        def run(self):
            pass

    ticks = iter(range(1, 100000))
    monkeypatch.setattr(tune, "alone", lambda *_: Run())
    monkeypatch.setattr(tune.time, "perf_counter", lambda: next(ticks))
    options = [choose.Choice("direct", cost=1), choose.Choice("strassen", cost=1)]
    assert tune.fastest(None, options, 1) is options[0]


def test_a_damaged_file_and_a_folder_that_takes_nothing_are_no_harm(folder, monkeypatch, caplog):
    (folder / "tuned.json").write_text("{")
    assert tune.stored() == {}
    tune.keep({"a": "direct (0, 0)"})
    assert json.loads((folder / "tuned.json").read_text()) == {"a": "direct (0, 0)"}
    if os.name == "posix":
        assert (folder / "tuned.json").stat().st_mode & 0o077 == 0
    monkeypatch.setattr(tune, "file", lambda: folder / "tuned.json" / "no folder")
    tune.keep({"b": "direct (0, 0)"})
    assert "cannot keep" in caplog.text


def test_other_kernels_mean_another_file(monkeypatch):
    monkeypatch.undo()
    before = tune.file()
    assert before.parent == objects.folder()
    with monkeypatch.context() as patch:
        patch.setattr(objects, "stamp", lambda module: "another")
        assert tune.file() != before
