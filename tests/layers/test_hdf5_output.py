"""HDF5Output: the file it leaves."""

import h5py
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.errors import ProtonetError
from tests.tools import layer


def made(path, *shapes):
    return layer(
        f'type: "HDF5Output" hdf5_output_param {{ file_name: "{path.as_posix()}" }}', *shapes, wants=[False] * 2
    )


def test_each_pass_adds_its_rows(tmp_path, rng):
    it = made(tmp_path / "deep" / "out.h5", (3, 2), (3,))
    assert it.layer.param.top == []
    batches = [(rng.normal(size=(3, 2)).astype(np.float32), rng.normal(size=3).astype(np.float32)) for _ in range(3)]
    for batch in batches:
        it.forward(*batch)
    with h5py.File(tmp_path / "deep" / "out.h5") as file:
        assert_array_equal(file["data"][:, :, 0, 0], np.concatenate([data for data, _ in batches]))
        assert_array_equal(file["label"][:, 0, 0, 0], np.concatenate([label for _, label in batches]))


def test_a_new_net_writes_the_file_anew(tmp_path):
    for _ in range(2):
        it = made(tmp_path / "out.h5", (3, 2), (3,))
        it.forward(np.zeros((3, 2)), np.zeros(3))
        it.layer.file.close()
    with h5py.File(tmp_path / "out.h5") as file:
        assert file["data"].shape == (3, 2, 1, 1)


@pytest.mark.parametrize(
    ("shapes", "why"), [(((3, 2), (4,)), "the same number of rows"), (((3, 2, 1, 1, 1), (3,)), "up to 4 axes")]
)
def test_blobs_that_do_not_suit_are_refused(shapes, why, tmp_path):
    with pytest.raises(ProtonetError, match=why):
        made(tmp_path / "out.h5", *shapes)


def test_what_cannot_be_written_is_an_error_with_the_name(tmp_path):
    (tmp_path / "out.h5").mkdir()
    with pytest.raises(ProtonetError, match=r"out.h5: cannot be written"):
        made(tmp_path / "out.h5", (3, 2), (3,)).forward(np.zeros((3, 2)), np.zeros(3))


def test_a_missing_name_is_refused():
    with pytest.raises(ProtonetError, match=r"HDF5Output needs hdf5_output_param.file_name"):
        layer('type: "HDF5Output"', (3, 2), (3,))
