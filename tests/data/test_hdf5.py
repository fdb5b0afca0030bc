import h5py
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.data.draws import Draws
from protonet.data.hdf5 import Hdf5Batches
from protonet.errors import ProtonetError


def put(path, start, rows, **more):
    with h5py.File(path, "w") as file:
        file["data"] = np.arange(start, start + rows)[:, None] * [[1.0, 10.0]]
        file["label"] = np.arange(start, start + rows, dtype=np.uint8)
        for name, value in more.items():
            file[name] = value


@pytest.fixture
def listed(tmp_path):
    """Two files of 5 and 3 rows: row i is (i, 10 i), its label i."""
    put(tmp_path / "a.h5", 0, 5)
    put(tmp_path / "b.h5", 5, 3)
    (tmp_path / "list.txt").write_text("a.h5\n\nb.h5\n")
    return tmp_path / "list.txt"


def made(path, size=2, shuffle=False, names=("data", "label"), draws=None):
    return Hdf5Batches(path, list(names), size, shuffle, draws or Draws(1, 2))


def rows(it, count, start=0):
    found = []
    for index in range(start, start + count):
        data, label = it.fill(index, [np.empty(shape, np.float32) for shape in it.shapes])
        assert_array_equal(data, label[:, None] * [[1, 10]])
        found += label.astype(int).tolist()
    return found


def test_files_follow_one_another_and_begin_again(listed):
    it = made(listed, size=3)
    assert it.shapes == [(3, 2), (3,)]
    assert rows(it, 4) == [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3]


def test_a_batch_may_be_larger_than_all_files(listed):
    assert rows(made(listed, size=20), 1) == [i % 8 for i in range(20)]


@pytest.mark.parametrize("shuffle", [True, False])
def test_any_batch_may_be_asked_for(listed, shuffle):
    whole = rows(made(listed, shuffle=shuffle), 12)
    for start in (3, 5, 11):
        assert rows(made(listed, shuffle=shuffle), 1, start) == whole[2 * start : 2 * start + 2]


def test_every_epoch_shuffles_the_files_and_the_rows_in_each(listed):
    found = rows(made(listed, size=4, shuffle=True), 40)
    epochs = [found[i : i + 8] for i in range(0, 160, 8)]
    assert all(sorted(epoch) == list(range(8)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 10
    firsts = {tuple(sorted(epoch[:3])) for epoch in epochs} | {tuple(sorted(epoch[:5])) for epoch in epochs}
    assert {(0, 1, 2, 3, 4), (5, 6, 7)} <= firsts  # either file may come first, whole
    assert rows(made(listed, size=4, shuffle=True, draws=Draws(5, 2)), 40) != found


def test_tops_are_taken_by_name_in_any_order(listed):
    it = made(listed, names=("label",))
    assert it.shapes == [(2,)]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            lambda p: put(p / "a.h5", 0, 5, extra=np.zeros(4)),
            r"a.h5: the datasets differ in rows: 5 in 'data', 4 in 'extra'",
        ),
        (lambda p: put(p / "a.h5", 0, 5, extra=3.0), r"dataset 'extra' has no rows"),
        (lambda p: put(p / "a.h5", 0, 5, extra=[b"x"] * 5), r"dataset 'extra': expected numbers"),
        (lambda p: put(p / "a.h5", 0, 5), r"no dataset 'extra' for the top of that name; there are data, label"),
        (lambda p: (p / "a.h5").write_bytes(b"<html>"), r"a.h5: expected data in HDF5, found an HTML page"),
        (lambda p: (p / "a.h5").unlink(), r"list.txt: no such file: .*a.h5"),
        (lambda p: (p / "list.txt").write_text("\n"), r"list.txt: the list of HDF5 files is empty"),
        (
            lambda p: (p / "list.txt").write_bytes((p / "b.h5").read_bytes()),
            "found an HDF5 file: put its name into a list",
        ),
        (lambda p: (p / "list.txt").unlink(), r"list.txt: the list of HDF5 files cannot be read: No such file"),
    ],
)
def test_what_does_not_fit_is_refused(listed, change, why):
    change(listed.parent)
    with pytest.raises(ProtonetError, match=why):
        made(listed, names=("data", "extra")).fill(0, [np.empty((2, 2), np.float32), np.empty(2, np.float32)])


def test_files_must_have_rows_of_one_shape(listed):
    with h5py.File(listed.parent / "b.h5", "w") as file:
        file["data"], file["label"] = np.zeros((3, 7)), np.zeros(3)
    with pytest.raises(ProtonetError, match=r"b.h5: dataset 'data' has rows of \(7,\), in .*a.h5 they are \(2,\)"):
        made(listed, size=6).fill(0, [np.empty((6, 2), np.float32), np.empty(6, np.float32)])


def test_files_without_rows_do_not_hang(listed):
    put(listed.parent / "a.h5", 0, 0)
    put(listed.parent / "b.h5", 0, 0)
    with pytest.raises(ProtonetError, match="none of the listed files has a row"):
        rows(made(listed), 1)


def test_rows_that_are_announced_but_not_stored_take_no_memory(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("x", (1 << 40, 4), "f4", chunks=(1024, 4))
    (tmp_path / "list").write_text("a.h5\n")
    with pytest.raises(ProtonetError, match=r"a.h5: dataset 'x': \(1099511627776, 4\) is announced, but 0 bytes"):
        Hdf5Batches(tmp_path / "list", ["x"], 2, False, Draws(0, 0))
