"""A walk over a message meets every field where it lies, and nothing that is not there."""

import pytest

from protonet.proto import caffe_pb2, wire

LAYER = caffe_pb2.LayerParameter(name="x", top=["y", "z"], loss_weight=[0.5], propagate_down=[True])


def test_every_field_is_met_where_it_lies():
    data = LAYER.SerializeToString()
    found = [(n, kind, begin if kind == wire.VARINT else data[begin:end]) for n, kind, begin, end in wire.fields(data)]
    assert found == [
        (1, wire.BYTES, b"x"),
        (4, wire.BYTES, b"y"),
        (4, wire.BYTES, b"z"),
        (5, wire.FIXED32, b"\0\0\0\x3f"),
        (11, wire.VARINT, 1),
    ]
    assert b"".join(wire.field(*each) for each in found) == data


@pytest.mark.parametrize("value", [0, 1, 127, 128, 300, 2**31 - 1, 2**63, 2**64 - 1])
def test_varints_are_written_as_they_are_read(value):
    data = wire.encoded(value)
    assert wire.varint(data, 0, len(data)) == (value, len(data))


def test_negative_numbers_take_ten_bytes_as_in_protobuf():
    data = caffe_pb2.FillerParameter(sparse=-1).SerializeToString()
    assert wire.field(7, wire.VARINT, -1) == data
    assert len(wire.encoded(-1)) == 10


@pytest.mark.parametrize(
    ("data", "cut"),
    [
        (b"\x0a\x05abc", True),
        (b"\x0a", True),
        (b"\x08\xff", True),
        (b"\x0d\0\0", True),
        (b"\x03", False),
        (b"\x07", False),
    ],
    ids=repr,
)
def test_what_is_broken_is_said_with_its_place(data, cut):
    with pytest.raises(wire.Broken, match="byte ") as caught:
        list(wire.fields(data))
    assert caught.value.cut == cut


def test_every_cut_of_a_message_is_noticed():
    data = LAYER.SerializeToString()
    whole = {0}
    whole |= {end for _, kind, _, end in wire.fields(data)}
    for end in range(len(data)):
        if end in whole:
            list(wire.fields(data, 0, end))
        else:
            with pytest.raises(wire.Broken):
                list(wire.fields(data, 0, end))
