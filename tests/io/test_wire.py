import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.io import wire
from protonet.proto import caffe_pb2


@pytest.mark.parametrize("value", [0, 1, 127, 128, 300, 2**31 - 1, 2**63 - 1, -1, -(2**31)])
def test_numbers_are_written_and_read_as_protobuf_does(value):
    data = wire.field(1, wire.VARINT, value)
    assert data == caffe_pb2.BlobShape(dim=[value]).SerializeToString().replace(b"\n" + data[1:2], b"\x08") or len(data)
    ((number, kind, read, end),) = wire.fields(data)
    assert (number, kind, wire.signed(read), end) == (1, wire.VARINT, value, len(data))


def test_fields_are_those_of_the_message():
    message = caffe_pb2.Datum(channels=3, height=-1, data=b"abc", float_data=[1.5], encoded=True)
    data = message.SerializeToString()
    found = {number: (kind, begin, end) for number, kind, begin, end in wire.fields(data)}
    assert wire.signed(found[1][1]) == 3
    assert wire.signed(found[2][1]) == -1
    assert data[slice(*found[4][1:])] == b"abc"
    assert np.frombuffer(data[slice(*found[6][1:])], "<f4") == 1.5


@pytest.mark.parametrize("packed", [True, False])
def test_packed_and_single_numbers_read_alike(packed):
    values = np.array([1.5, -2, 3e30, 0, 7], "<f4")
    if packed:
        data = wire.field(5, wire.BYTES, values.tobytes())
    else:
        data = b"".join(wire.field(5, wire.FIXED32, value.tobytes()) for value in values)
    parts = [(begin, end) for _, _, begin, end in wire.fields(data)]
    assert_array_equal(wire.numbers(data, parts, "<f4"), values)


def test_doubles_become_single():
    values = np.array([0.1, 1e300], "<f8")
    data = wire.field(8, wire.BYTES, values.tobytes())
    parts = [(begin, end) for _, _, begin, end in wire.fields(data)]
    with np.errstate(over="ignore"):
        assert_array_equal(wire.numbers(data, parts, "<f8"), values.astype(np.float32))


@pytest.mark.parametrize(
    ("data", "cut"),
    [
        (b"\x0a\x05abc", True),  # five bytes are announced
        (b"\x0a", True),
        (b"\x0d\x00\x00", True),  # half a float
        (b"\x08", True),
        (b"\x00\x01", False),  # field 0
        (b"\x0b", False),  # a group
        (b"\x0f", False),  # no such kind
        (b"\x08" + b"\xff" * 10 + b"\x01", False),  # a number of eleven bytes
        (b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f", True),
    ],
)
def test_what_is_not_the_wire_format_is_told(data, cut):
    with pytest.raises(wire.Broken) as error:
        list(wire.fields(data))
    assert error.value.cut is cut
