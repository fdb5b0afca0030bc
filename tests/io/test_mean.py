import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet import io
from protonet.errors import ProtonetError
from protonet.proto import caffe_pb2
from tests.conftest import GOLDEN, files, needs


@needs(GOLDEN)
@pytest.mark.parametrize("path", files(GOLDEN / "data", "*.binaryproto"), ids=lambda path: path.stem)
def test_recorded_means_are_read_and_written_byte_for_byte(path, tmp_path):
    mean = io.load_mean(path)
    assert mean.shape == (3, 12, 14)
    assert_array_equal(mean.ravel(), caffe_pb2.BlobProto.FromString(path.read_bytes()).data)
    io.save_mean(tmp_path / "again.binaryproto", mean)
    assert (tmp_path / "again.binaryproto").read_bytes() == path.read_bytes()


def test_numpy_means_may_be_images_or_one_number_per_channel(tmp_path, rng):
    image = rng.normal(size=(3, 4, 5))
    io.save_mean(tmp_path / "image.npy", image)
    assert_array_equal(io.load_mean(tmp_path / "image.npy"), image.astype(np.float32))
    np.save(tmp_path / "three.npy", [1.0, 2, 3])
    assert io.load_mean(tmp_path / "three.npy").shape == (3, 1, 1)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"<html></html>", "an HTML page"),
        (b"\x0a\x7f\xff\xfe", "no protobuf message"),
        (caffe_pb2.BlobProto(data=[1, 2]).SerializeToString(), r"of shape \(C, H, W\), found \(2,\)"),
        (
            caffe_pb2.BlobProto(num=2, channels=1, height=1, width=1, data=[1, 2]).SerializeToString(),
            r"found \(2, 1, 1, 1\)",
        ),
    ],
)
def test_what_is_no_mean_is_refused(content, what, tmp_path):
    (tmp_path / "m.binaryproto").write_bytes(content)
    with pytest.raises(ProtonetError, match=f"m.binaryproto: .*{what}"):
        io.load_mean(tmp_path / "m.binaryproto")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ProtonetError, match=r"none.binaryproto: mean file cannot be read: No such file"):
        io.load_mean(tmp_path / "none.binaryproto")
