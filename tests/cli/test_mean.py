"""protonet mean: the file and the values."""

import numpy as np
import pytest

from protonet.data import convert
from protonet.io import load_mean


@pytest.fixture
def images(here):
    images = np.random.default_rng(2).integers(0, 255, (7, 3, 4, 5), np.uint8)
    convert.write("db", images, np.zeros(7, int))
    return images


@pytest.mark.parametrize("name", ["mean.binaryproto", "mean.npy"])
def test_the_mean_is_written_and_its_channels_told(command, images, here, name):
    done = command("mean", "db", "-o", name)
    assert done.code == 0
    expected = images.mean(0, dtype="f8")
    np.testing.assert_allclose(load_mean(name), expected, rtol=1e-5)
    *channels, last = done.out.splitlines()
    assert channels == [f"mean_value channel [{i}]: {value:g}" for i, value in enumerate(expected.mean((1, 2)))]
    assert last == f"wrote {name} (3x4x5)"


def test_without_a_file_the_values_are_told(command, images, here):
    assert len(command("mean", "db").out.splitlines()) == 3
    assert [path.name for path in here.iterdir()] == ["db"]


def test_a_database_that_is_not_there_is_one_line(command, here):
    done = command("mean", "gone")
    assert done.code == 1
    assert "gone" in done.err.splitlines()[-1]
