import gzip

import pytest
from numpy.testing import assert_array_equal

from protonet.data import idx
from protonet.errors import DataError, ShapeError
from tests.conftest import MNIST, needs

HEAD = bytes((0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3))


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_an_array_is_read(pack, tmp_path):
    (tmp_path / "x").write_bytes(pack(HEAD + bytes(range(6))))
    assert idx.is_idx(tmp_path / "x")
    assert_array_equal(idx.load(tmp_path / "x"), [[0, 1, 2], [3, 4, 5]])


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (HEAD + bytes(5), r"\(2, 3\) is announced, 6 bytes, but 5 are there"),
        (HEAD[:9], "ends in its head"),
        (b"\0\0\x0d\x01", "expected an IDX file of uint8, found one that begins with 00 00 0d 01"),
        (b"", "expected an IDX file"),
        (bytes((0, 0, 8, 4)) + b"\xff" * 16, "but 0 are there"),
        (gzip.compress(HEAD + bytes(6))[:-14], "cannot be read"),
        (b"\x1f\x8bnonsense", "cannot be read"),
    ],
)
def test_what_is_none_is_refused(data, why, tmp_path):
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(DataError, match=f"x: .*{why}"):
        idx.load(tmp_path / "x")


def test_labels_are_found_by_mnists_own_names(tmp_path):
    for images, labels in (
        ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte"),
        ("a-images.idx3-ubyte", "a-labels.idx1-ubyte.gz"),
    ):
        (tmp_path / labels).touch()
        assert idx.labels_beside(tmp_path / images).name == labels
    with pytest.raises(DataError, match="found no labels beside"):
        idx.labels_beside(tmp_path / "other-images-idx3-ubyte")


@needs(MNIST)
def test_mnist_is_read(mnist):
    images = idx.load(mnist / "t10k-images-idx3-ubyte.gz")
    assert images.shape == (10000, 28, 28)
    assert idx.load(idx.labels_beside(mnist / "t10k-images-idx3-ubyte.gz"))[:5].tolist() == [7, 2, 1, 0, 4]


def test_what_unpacks_to_more_than_memory_takes_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "a-idx"
    path.write_bytes(gzip.compress(bytes((0, 0, 8, 1)) + (1 << 20).to_bytes(4, "big") + bytes(1 << 20)))
    assert len(idx.load(path)) == 1 << 20
    monkeypatch.setenv("PROTONET_MAX_MEMORY", "1M")
    with pytest.raises(ShapeError, match=r"a-idx: reading an array of shape .* needs 2097152 bytes"):
        idx.load(path)
