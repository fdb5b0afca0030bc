import h5py
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet import io
from protonet.errors import WeightsError
from protonet.io import SolverState
from protonet.proto import caffe_pb2
from tests.conftest import GOLDEN, files, needs

BINARY = files(GOLDEN / "solvers", "*.solverstate") + files(GOLDEN / "logs", "*.solverstate")
HDF5 = files(GOLDEN / "solvers", "*.solverstate.h5")


@needs(GOLDEN)
@pytest.mark.parametrize("path", BINARY, ids=lambda path: path.parent.name + "-" + path.name)
def test_recorded_binary_states_are_read_and_written_byte_for_byte(path, tmp_path):
    state = io.load_solverstate(path)
    message = caffe_pb2.SolverState.FromString(path.read_bytes())
    assert (state.iter, state.learned_net, state.current_step) == (
        message.iter,
        message.learned_net,
        message.current_step,
    )
    io.save_solverstate(tmp_path / "again.solverstate", state)
    assert (tmp_path / "again.solverstate").read_bytes() == path.read_bytes()


@needs(GOLDEN)
@pytest.mark.parametrize("path", HDF5, ids=lambda path: path.parent.name)
def test_recorded_hdf5_states_are_read_and_written_alike(path, tmp_path):
    state = io.load_solverstate(path)
    assert state.iter == 5
    assert state.learned_net.endswith(f"{path.parent.name}/snap_iter_5.caffemodel.h5")
    assert len(state.history) > 3
    io.save_solverstate(tmp_path / "again.solverstate.h5", state)
    with h5py.File(path) as caffes, h5py.File(tmp_path / "again.solverstate.h5") as ours:
        assert set(ours) == set(caffes)
        assert set(ours["history"]) == set(caffes["history"])
        for name in ("iter", "current_step", "learned_net", *(f"history/{i}" for i in range(len(state.history)))):
            assert ours[name].dtype == caffes[name].dtype
            assert ours[name].shape == caffes[name].shape
            assert_array_equal(ours[name][()], caffes[name][()])


@pytest.mark.parametrize("name", ["a.solverstate", "a.solverstate.h5"])
def test_a_state_comes_back(name, tmp_path, rng):
    history = [rng.normal(size=shape).astype(np.float32) for shape in ((2, 3), (4,), ())] * 4
    io.save_solverstate(tmp_path / name, SolverState(123456, "größe/net.caffemodel", history, 3))
    state = io.load_solverstate(tmp_path / name)
    assert (state.iter, state.learned_net, state.current_step) == (123456, "größe/net.caffemodel", 3)
    for a, b in zip(state.history, history, strict=True):
        assert_array_equal(a, b)


@needs(GOLDEN)
def test_weights_are_no_state(golden):
    for path in ("logs/lenet_iter_20.caffemodel", "solvers/snap_sgd_bn_hdf5/snap_iter_5.caffemodel.h5"):
        with pytest.raises(WeightsError, match=r"expected a solverstate, found .* is it the .caffemodel"):
            io.load_solverstate(golden / path)


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"", "an empty file"), (b"<html>", "an HTML page"), (b"\x08\x05\x12\x09ab", "a truncated file")],
)
def test_other_files_are_named(content, what, tmp_path):
    (tmp_path / "x.solverstate").write_bytes(content)
    with pytest.raises(WeightsError, match=what):
        io.load_solverstate(tmp_path / "x.solverstate")


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(WeightsError, match="cannot be read"):
        io.load_solverstate(tmp_path / "none.solverstate")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("iter", None, "expected one whole number as 'iter', found a group"),
        ("iter", h5py.Empty("i4"), "expected one whole number as 'iter', found nothing"),
        ("iter", np.ones(3), r"expected one whole number as 'iter', found float64 of shape \(3,\)"),
        ("current_step", np.ones((), "c8"), "expected one whole number as 'current_step', found complex64"),
        ("learned_net", None, "expected the name of a file as 'learned_net', found a group"),
        ("history", np.ones(3), "expected a group 'history' with an array for each parameter, found a dataset"),
        ("history/0", None, "history 0: expected numbers, found a group"),
        ("history/0", h5py.Empty("f4"), "history 0: expected numbers, found none"),
    ],
)
def test_what_is_of_another_kind_is_refused(name, value, says, tmp_path):
    path = tmp_path / "a.solverstate.h5"
    io.save_solverstate(path, SolverState(1, "net", [np.ones(2, np.float32)], 0))
    with h5py.File(path, "a") as file:
        del file[name]
        if value is None:
            file.create_group(name)
        else:
            file.create_dataset(name, data=value)
    with pytest.raises(WeightsError, match=f"a.solverstate.h5: {says}"):
        io.load_solverstate(path)
