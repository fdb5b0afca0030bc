import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.errors import WeightsError
from protonet.io import blob, wire
from protonet.proto import caffe_pb2


def made(**fields):
    return blob.read(caffe_pb2.BlobProto(**fields).SerializeToString())


def shape(*dims):
    return caffe_pb2.BlobShape(dim=dims)


def test_a_blob_has_its_shape():
    found = made(data=range(6), shape=shape(2, 3))
    assert_array_equal(found.data, np.arange(6, dtype=np.float32).reshape(2, 3))
    assert found.data.dtype == np.float32
    assert found.data.flags.writeable
    assert found.diff is None


def test_the_four_old_fields_are_a_shape_too():
    assert made(data=range(6), num=1, channels=2, height=1, width=3).data.shape == (1, 2, 1, 3)


def test_shape_wins_over_the_four_old_fields():
    assert made(data=range(6), num=9, channels=2, height=1, width=3, shape=shape(6)).data.shape == (6,)


def test_numbers_without_a_shape_are_a_vector():
    assert made(data=range(6)).data.shape == (6,)


def test_an_empty_shape_is_a_single_number():
    assert made(data=[4], shape=shape()).data.shape == ()
    assert made(data=[4]).data.shape == ()


def test_doubles_and_gradients_are_read():
    found = made(double_data=[0.1, 0.2], double_diff=[1, 2], shape=shape(2))
    assert_array_equal(found.data, np.float32([0.1, 0.2]))
    assert_array_equal(found.diff, [1, 2])


@pytest.mark.parametrize(("kind", "dtype"), [(0, "<f8"), (1, "<f4"), (2, "<f2"), (3, "<i4"), (4, "<u4")])
def test_raw_data_of_the_nvidia_fork_is_read(kind, dtype):
    values = np.array([1, 2, 3], dtype)
    data = (
        wire.field(7, wire.BYTES, shape(3).SerializeToString())
        + wire.field(10, wire.VARINT, kind)
        + wire.field(12, wire.BYTES, values.tobytes())
    )
    assert_array_equal(blob.read(data).data, [1, 2, 3])


@pytest.mark.parametrize("dims", [(2, 4), (-2, -3), (1 << 62, 1 << 62), (0,)])
def test_a_shape_that_the_numbers_do_not_fill_is_refused(dims):
    with pytest.raises(WeightsError, match="but 6 numbers are there"):
        made(data=range(6), shape=shape(*dims))


def test_announced_numbers_that_are_missing_are_refused():
    with pytest.raises(WeightsError, match=r"its shape is .1000, 1000., .* but 0 numbers are there"):
        made(shape=shape(1000, 1000))


def test_what_is_written_is_what_protobuf_reads(rng):
    data, diff = rng.normal(size=(2, 2, 3)).astype(np.float32)
    message = caffe_pb2.BlobProto.FromString(b"".join(map(bytes, blob.pieces(data, diff))))
    assert_array_equal(message.data, data.ravel())
    assert_array_equal(message.diff, diff.ravel())
    assert list(message.shape.dim) == [2, 3]
    assert blob.size(data, diff) == message.ByteSize()
