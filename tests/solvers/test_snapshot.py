"""Snapshots: where they go, in both formats, and that a resumed run is the run that was not interrupted."""

import re

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import protonet
from protonet.errors import SolverError, WeightsError
from protonet.io import SolverState, load_solverstate, load_weights, save_solverstate
from protonet.prototxt import parse
from protonet.solvers import snapshot
from tests.net.tools import ip, layer
from tests.solvers.tools import LINEAR, NET, arrays, param, solver


def same(one, other):
    assert one.keys() == other.keys()
    for key, array in one.items():
        assert_array_equal(other[key], array, err_msg=str(key))


@pytest.mark.parametrize("rule", ["SGD", "Adam", "AdaDelta"])
@pytest.mark.parametrize("form", ["BINARYPROTO", "HDF5"])
def test_three_steps_and_three_after_a_restore_are_six_bit_for_bit(rule, form, tmp_path):
    """With dropout, BatchNorm's statistics and data drawn by the number of the iteration, on other threads too."""
    text = f"type: '{rule}' momentum: 0.9 weight_decay: 0.01 lr_policy: 'step' gamma: 0.5 stepsize: 2 iter_size: 2"
    text += f" snapshot_format: {form} snapshot_prefix: '{(tmp_path / 'it').as_posix()}'"
    whole = made(text)
    whole.step(6)
    first = made(text)
    first.step(3)
    _, state = first.snapshot()
    second = made(text, threads=3)
    second.restore(state)
    assert second.iter == 3
    same(arrays(first), arrays(second))
    second.step(3)
    same(arrays(whole), arrays(second))
    assert second.current_step == whole.current_step


def made(text, threads=1):
    wanted = param("", NET)
    wanted.MergeFrom(parse.loads(text, "SolverParameter").message)
    return protonet.get_solver(wanted, threads=threads)


def test_rows_of_a_file_that_repeat_are_resumed_too(tmp_path):
    """The data start at the first row again, as in Caffe: after a whole number of rounds that makes no difference."""
    h5py = pytest.importorskip("h5py")

    rng = np.random.default_rng(1)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["data"], file["label"] = rng.normal(size=(6, 3)).astype("f4"), rng.integers(0, 2, 6).astype("f4")
    (tmp_path / "list.txt").write_text("a.h5\n")
    net = (
        layer(
            "source",
            "HDF5Data",
            "",
            "data label",
            f'hdf5_data_param {{ source: "{(tmp_path / "list.txt").as_posix()}" batch_size: 2 }}',
        )
        + ip("fc", "data", "fc", 2)
        + layer("drop", "Dropout", "fc", "fc")
        + layer("loss", "SoftmaxWithLoss", "fc label", "loss")
    )
    text = f"momentum: 0.9 snapshot_prefix: '{(tmp_path / 'it').as_posix()}'"
    whole, first, second = (solver(text, net) for _ in range(3))
    whole.step(6)
    first.step(3)
    second.restore(first.snapshot()[1])
    second.step(3)
    same(arrays(whole), arrays(second))


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("", "here/my_iter_0"),
        ("other/p", "other/p_iter_0"),
        ("folder", "folder/my_iter_0"),
        ("folder/", "folder/my_iter_0"),
    ],
)
def test_the_prefix_is_a_name_or_a_folder_or_the_solvers_own(prefix, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    (tmp_path / "folder").mkdir()
    (tmp_path / "here/net.prototxt").write_text(LINEAR)
    text = f"net: 'net.prototxt' base_lr: 0.1 lr_policy: 'fixed'{f' snapshot_prefix: {prefix!r}' if prefix else ''}"
    (tmp_path / "here/my.prototxt").write_text(text)
    model, state = protonet.get_solver("here/my.prototxt").snapshot()
    assert (tmp_path / f"{expected}.caffemodel").exists()
    assert (tmp_path / f"{expected}.solverstate").samefile(state)
    assert load_solverstate(state).learned_net == model


def test_gradients_are_saved_where_they_are_asked_for(tmp_path):
    text = f"snapshot_prefix: '{(tmp_path / 'it').as_posix()}'"
    plain, full = (
        solver(text, LINEAR),
        solver(text + " snapshot_diff: true", LINEAR, snapshot_prefix=str(tmp_path / "d")),
    )
    for each in plain, full:
        each.step(1)
    assert not load_weights(plain.snapshot()[0]).diffs.get("fc")
    assert_array_equal(load_weights(full.snapshot()[0]).diffs["fc"][0], full.net.params["fc"][0].diff)


def test_a_pair_that_was_moved_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first = solver("snapshot_prefix: 'it'", LINEAR)
    first.step(2)
    model, state = first.snapshot()
    (tmp_path / "moved").mkdir()
    for name in model, state:
        (tmp_path / name).rename(tmp_path / "moved" / name)
    second = solver("", LINEAR, random_seed=3)
    second.restore("moved/" + state)
    same(arrays(first), arrays(second))


def test_a_state_without_its_weights_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model, state = solver("snapshot_prefix: 'it'", LINEAR).snapshot()
    (tmp_path / model).unlink()
    with pytest.raises(WeightsError, match=re.escape(model)):
        solver("", LINEAR).restore(state)


def test_the_state_of_another_solver_or_net_is_refused(tmp_path):
    text = f"snapshot_prefix: '{(tmp_path / 'it').as_posix()}'"
    _, state = solver(text, LINEAR).snapshot()
    with pytest.raises(SolverError, match=r"holds 2 histories, this solver has 4: another net or solver type\?"):
        solver("type: 'Adam'", LINEAR).restore(state)
    wider = LINEAR.replace("dim: 3", "dim: 4")
    before = solver("", wider)
    weights = before.net.params["fc"][0].data.copy()
    with pytest.raises(SolverError, match=r"history 0 \(fc/weight\) has shape \(2, 3\), this net wants \(2, 4\)"):
        before.restore(state)
    assert_array_equal(before.net.params["fc"][0].data, weights)


def test_the_name_of_the_solver_is_told_as_caffe_tells_it(tmp_path, caplog):
    made = solver(f"type: 'Adam' snapshot_prefix: '{(tmp_path / 'it').as_posix()}'", LINEAR)
    with caplog.at_level("INFO", "protonet.solvers"):
        model, state = made.snapshot()
        made.restore(state)
    assert caplog.messages[0] == f"Snapshotting to binary proto file {model}"
    assert caplog.messages[1] == f"Snapshotting solver state to binary proto file {state}"
    assert caplog.messages[-1] == "AdamSolver: restoring history"
    assert snapshot.prefix_of(made) == str((tmp_path / "it").as_posix())


@pytest.mark.parametrize("name", ["file/it", "n" * 300])
def test_where_no_snapshot_can_be_written_is_said(name, tmp_path):
    (tmp_path / "file").touch()
    it = solver(net=LINEAR, snapshot_prefix=str(tmp_path / name))
    with pytest.raises(SolverError, match=r"snapshots cannot be written to .* \(.+\): see snapshot_prefix"):
        it.snapshot()


def test_a_name_with_a_zero_byte_is_none(tmp_path):
    with pytest.raises(SolverError, match="snapshot_prefix is the beginning of a file's name"):
        solver(net=LINEAR, snapshot_prefix="a\0b").snapshot()
    save_solverstate(tmp_path / "a.solverstate", SolverState(1, "a\0.caffemodel", [np.zeros((2, 3)), np.zeros(2)]))
    with pytest.raises(WeightsError, match="cannot be read: embedded null"):
        solver(net=LINEAR).restore(tmp_path / "a.solverstate")
