"""Training as Caffe did it: weights, rate and loss after every iteration of every recorded run, and after a restore."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose

import protonet
from tests.conftest import GOLDEN, files, needs

RUNS = [path.stem for path in files(GOLDEN / "solvers", "*.npz")]
SNAPSHOTS = [run for run in RUNS if run.startswith("snap_")]
pytestmark = needs(GOLDEN / "solvers")


def close(ours, theirs, what):
    # a rounding of 1e-7 about doubles with each iteration of AdaGrad: 1e-4 after ten
    scale = max(float(np.abs(theirs).max(initial=0)), 1e-6)
    assert_allclose(ours, theirs, rtol=0, atol=5e-4 * scale, err_msg=what)


def put(net, recorded, prefix):
    for key in recorded.files:
        if key.startswith(prefix):
            *layer, i = key[len(prefix) :].split("/")
            net.params["/".join(layer)][int(i)].data[...] = recorded[key]


def compare(net, recorded, prefix):
    keys = [key for key in recorded.files if key.startswith(prefix)]
    assert keys
    for key in keys:
        *layer, i = key[len(prefix) :].split("/")
        close(net.params["/".join(layer)][int(i)].data, recorded[key], key)


@pytest.mark.parametrize("run", RUNS)
def test_every_iteration_gives_caffes_weights(run, golden, monkeypatch):
    monkeypatch.chdir(golden / "solvers")
    recorded = np.load(f"{run}.npz")
    solver = protonet.get_solver(f"{run}/solver.prototxt")
    put(solver.net, recorded, "w/0/")
    iterations = max(int(key.split("/")[1]) for key in recorded.files if key.startswith("w/"))
    for i in range(iterations):
        if f"lr/{i}" in recorded.files:
            close(solver.lr, recorded[f"lr/{i}"], f"lr/{i}")
        solver.step(1)
        close(solver.net.blobs["loss"].data, recorded[f"loss/{i}"], f"loss/{i}")  # of the last of iter_size batches
        compare(solver.net, recorded, f"w/{i + 1}/")


@pytest.mark.parametrize("run", SNAPSHOTS)
def test_caffes_own_snapshot_is_continued(run, golden, monkeypatch):
    monkeypatch.chdir(golden / "solvers")
    recorded = np.load(f"{run}.npz")
    solver = protonet.get_solver(f"{run}/solver.prototxt")
    (state,) = (golden / "solvers" / run).glob("*.solverstate*")
    solver.restore(str(state))
    assert solver.iter == int(re.search(r"iter_(\d+)", state.name)[1])
    compare(solver.net, recorded, "rest/0/")
    close(solver.lr, recorded["rest_lr/0"], "rate")
    for i in (1, 2, 3):
        solver.step(1)
        compare(solver.net, recorded, f"rest/{i}/")


@pytest.mark.parametrize("run", SNAPSHOTS)
def test_a_snapshot_of_ours_is_continued_to_the_same_weights(run, golden, monkeypatch, tmp_path):
    monkeypatch.chdir(golden / "solvers")
    recorded = np.load(f"{run}.npz")
    (state,) = (golden / "solvers" / run).glob("*.solverstate*")

    def restored(path):
        solver = protonet.get_solver(f"{run}/solver.prototxt")
        solver.param.snapshot_prefix = str(tmp_path / "ours")
        solver.restore(str(path))
        return solver

    _, ours = restored(state).snapshot()
    again = restored(ours)
    assert again.iter == int(re.search(r"iter_(\d+)", state.name)[1])
    again.step(1)
    compare(again.net, recorded, "rest/1/")
