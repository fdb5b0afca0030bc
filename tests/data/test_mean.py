import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.data import convert
from protonet.data.datum import encoded, raw
from protonet.data.mean import mean_image, mean_of
from protonet.data.store import store
from protonet.errors import DataError
from protonet.io import images, load_mean
from tests.conftest import GOLDEN, needs

FOLDER = GOLDEN / "data"


@needs(FOLDER)
@pytest.mark.parametrize(
    ("name", "mean"),
    [("raw_lmdb", "mean"), ("conv_lmdb", "mean_conv"), ("enc_lmdb", "mean_conv"), ("conv_leveldb", "mean_ldb")],
)
def test_the_mean_of_a_database_is_caffes_byte_for_byte(name, mean):
    path = FOLDER / f"{mean}.binaryproto"
    assert mean_of(FOLDER / name).SerializeToString() == path.read_bytes()
    assert_array_equal(mean_image(FOLDER / name), load_mean(path))


@needs(FOLDER)
def test_floats_have_a_mean_too():
    recorded = np.load(FOLDER / "data_float.npz")
    assert mean_image(FOLDER / "float_lmdb").shape == recorded["out/0/data"].shape[1:]


def test_many_images_are_summed_exactly(tmp_path, rng):
    pixels = rng.integers(0, 256, (1000, 1, 5, 4), dtype=np.uint8)
    convert.write(tmp_path / "db", pixels, np.zeros(1000, int))
    seen = []
    assert_allclose(mean_image(tmp_path / "db", seen.append), pixels.mean(0), rtol=1e-7)
    assert seen[-1] == 1000


def test_images_of_several_sizes_have_no_mean(tmp_path):
    small, large = np.zeros((4, 4, 3), np.uint8), np.zeros((5, 4, 3), np.uint8)
    store(tmp_path / "db", [(b"a", encoded(images.encode(small), 0)), (b"b", encoded(images.encode(large), 0))])
    with pytest.raises(DataError, match=r"db: record 'b' is \(3, 5, 4\), those before it are \(3, 4, 4\)"):
        mean_image(tmp_path / "db")


def test_a_bad_record_is_named(tmp_path):
    store(tmp_path / "db", [(b"a", raw(np.zeros((1, 2, 2), np.uint8), 0)), (b"b", b"\x22\x7f")])
    with pytest.raises(DataError, match="db: record 'b': expected a Datum"):
        mean_image(tmp_path / "db")
