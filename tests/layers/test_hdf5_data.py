"""HDF5Data: what the layer adds to data/hdf5.py."""

import h5py
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.errors import ProtonetError
from protonet.layers import TRAIN
from tests.tools import layer


@pytest.fixture
def listed(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"], file["y"], file["z"] = np.arange(30).reshape(5, 3, 2, 1, 1), np.arange(5), np.arange(5) / 2
    (tmp_path / "list.txt").write_text("a.h5\n")
    return tmp_path / "list.txt"


def made(listed, tops, more="batch_size: 4", extra=""):
    tops = " ".join(f'top: "{top}"' for top in tops)
    return layer(
        f'type: "HDF5Data" {tops} {extra} hdf5_data_param {{ source: "{listed.as_posix()}" {more} }}', phase=TRAIN
    )


def test_each_top_is_the_dataset_of_its_name_with_all_its_axes(listed):
    z, x, y = made(listed, "zxy").forward()
    assert x.shape == (4, 3, 2, 1, 1)
    assert_array_equal(y, [0, 1, 2, 3])
    assert_array_equal(z, y / 2)


def test_shuffled_rows_stay_together(listed):
    it = made(listed, "xy", "batch_size: 5 shuffle: true")
    orders = set()
    for _ in range(5):
        x, y = it.forward()
        assert_array_equal(x[:, 0, 0, 0, 0], 6 * y)
        assert sorted(y) == [0, 1, 2, 3, 4]
        orders.add(tuple(y))
    assert len(orders) > 1


def test_a_transformation_is_refused(listed):
    with pytest.raises(ProtonetError, match="HDF5Data does not transform"):
        made(listed, "xy", extra="transform_param { scale: 2 }")


def test_a_missing_batch_size_is_refused(listed):
    with pytest.raises(ProtonetError, match=r"HDF5Data needs hdf5_data_param.batch_size"):
        made(listed, "xy", "")
