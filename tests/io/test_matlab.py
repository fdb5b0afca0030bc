import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.errors import DataError
from protonet.io import matlab
from tests.naive.mat_write import mat_write


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (7,), (), (0, 3)])
def test_what_is_written_is_read_with_its_axes_the_other_way_round(shape, tmp_path, rng):
    x = rng.normal(size=shape).astype("f")
    matlab.write(tmp_path / "x.mat", "odd_name", x)
    name, found = mat_write(tmp_path / "x.mat")
    assert name == "odd_name"
    assert_array_equal(found, x.reshape(*[1] * (2 - x.ndim), *shape).T)


def test_the_bytes_of_a_pair_by_hand(tmp_path):
    matlab.write(tmp_path / "x.mat", "data", np.array([[1.0, 2.0]]))
    raw = (tmp_path / "x.mat").read_bytes()[136:]
    assert raw[:16] == bytes([6, 0, 0, 0, 8, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0])
    assert raw[16:32] == bytes([5, 0, 0, 0, 8, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0])
    assert raw[48:] == bytes([7, 0, 0, 0, 8, 0, 0, 0]) + np.array([1, 2], "<f4").tobytes()


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(DataError, match=r"nowhere/x\.mat: cannot be written"):
        matlab.write(tmp_path / "nowhere/x.mat", "data", np.zeros(2))
