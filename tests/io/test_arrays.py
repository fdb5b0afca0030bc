import io
import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.errors import DataError, ShapeError
from protonet.io.arrays import load_npy, load_npz, save_npz


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8", ">i2", "bool"])
def test_arrays_come_back(order, dtype, tmp_path, rng):
    array = np.asarray(rng.integers(0, 2, (2, 3, 4)), dtype, order=order)
    np.save(tmp_path / "a.npy", array)
    found = load_npy(tmp_path / "a.npy")
    assert_array_equal(found, array)
    assert found.dtype == array.dtype
    assert found.flags.c_contiguous


@pytest.mark.parametrize("compress", [True, False])
def test_several_arrays_come_back_by_name(compress, tmp_path, rng):
    arrays = {"conv1/relu": rng.normal(size=(2, 3)), "prob": np.float32(1)}
    save_npz(tmp_path / "a.npz", arrays, compress)
    found = load_npz(tmp_path / "a.npz")
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert_array_equal(found[name], array)


def test_pickles_are_never_opened(tmp_path):
    np.save(tmp_path / "o.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(DataError, match="expected an array of numbers"):
        load_npy(tmp_path / "o.npy")
    (tmp_path / "p.npy").write_bytes(pickle.dumps([1]))
    with pytest.raises(DataError, match="expected a NumPy array"):
        load_npy(tmp_path / "p.npy")


def test_a_head_that_announces_more_than_the_file_has_takes_no_memory(tmp_path):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<f4", "fortran_order": False, "shape": (1 << 40,)})
    (tmp_path / "b.npy").write_bytes(buffer.getvalue() + bytes(100))
    with pytest.raises(DataError, match="is announced, 4398046511104 bytes, but the file has"):
        load_npy(tmp_path / "b.npy")


def test_what_is_no_archive_is_refused(tmp_path):
    (tmp_path / "x.npz").write_bytes(b"hello")
    with pytest.raises(DataError, match="expected arrays"):
        load_npz(tmp_path / "x.npz")


@pytest.mark.parametrize("header", [b"{'descr': '<f4', 'fortran_order': False, 'shape': (2,", b"\0" * 20, b"(" * 300])
def test_a_header_that_is_no_expression_is_refused(tmp_path, header):
    (tmp_path / "h.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    with pytest.raises(DataError, match="expected a NumPy array"):
        load_npy(tmp_path / "h.npy")


def test_negative_sizes_are_refused(tmp_path):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<f4", "fortran_order": False, "shape": (-2, 3)})
    (tmp_path / "n.npy").write_bytes(buffer.getvalue() + bytes(100))
    with pytest.raises(DataError, match=r"found the shape \(-2, 3\)"):
        load_npy(tmp_path / "n.npy")


def test_an_archive_with_a_damaged_member_is_refused(tmp_path):
    path = tmp_path / "d.npz"
    np.savez_compressed(path, x=np.arange(1000, dtype=np.float32))
    data = bytearray(path.read_bytes())
    data[60:80] = b"\xff" * 20
    path.write_bytes(data)
    with pytest.raises(DataError, match="expected"):
        load_npz(path)


def test_a_file_that_ends_within_a_number_is_refused(tmp_path):
    np.save(tmp_path / "t.npy", np.arange(40, dtype=np.float64))
    data = (tmp_path / "t.npy").read_bytes()
    (tmp_path / "t.npy").write_bytes(data[:-3])
    with pytest.raises(DataError, match="39 numbers are there"):
        load_npy(tmp_path / "t.npy")


def test_a_name_that_is_no_text_is_no_crash(tmp_path):
    save_npz(tmp_path / "a.npz", {"abc": np.zeros(3, np.float32)}, False)
    raw = bytearray((tmp_path / "a.npz").read_bytes())
    at = raw.index(b"abc.npy")  # in the header before the array; the directory at the end names it once more
    raw[6:8] = (0x800).to_bytes(2, "little")  # "names are UTF-8"
    raw[at] = 0xFF
    (tmp_path / "b.npz").write_bytes(raw)
    with pytest.raises(DataError, match="expected arrays"):
        load_npz(tmp_path / "b.npz")


def test_what_unpacks_to_more_than_memory_takes_is_refused(tmp_path, monkeypatch):
    save_npz(tmp_path / "a.npz", {"x": np.zeros(1 << 20)}, compress=True)
    assert load_npz(tmp_path / "a.npz")["x"].size == 1 << 20
    monkeypatch.setenv("PROTONET_MAX_MEMORY", "10M")
    with pytest.raises(ShapeError, match=r"a.npz: x: reading an array of shape .* needs 16777216 bytes"):
        load_npz(tmp_path / "a.npz")
