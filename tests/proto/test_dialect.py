"""A net in binary is read as the fork that wrote it meant it, and written so again."""

import re

import pytest
from google.protobuf import text_format

from protonet.errors import ParseError
from protonet.proto import caffe_pb2, wire
from protonet.proto.claims import messages
from protonet.proto.dialect import FOREIGN, from_wire, to_wire
from protonet.proto.forks import INNER, LAYERS, VALUES
from tests.conftest import CORPUS, GOLDEN, files

LAYER_FIELDS = caffe_pb2.LayerParameter.DESCRIPTOR.fields_by_name
EVERY = [(name, types.split(), number) for name, types, numbers in LAYERS for number in numbers]


def net(*fields):
    """The bytes of a net of one layer, of (number, kind, value) each."""
    return wire.field(100, wire.BYTES, b"".join(wire.field(*field) for field in fields))


def typed(name):
    return (2, wire.BYTES, name.encode())


def numbers_of(data, path):
    """The numbers of the fields in a message within messages: path (100, 121) is the pooling_param of a layer."""
    for step in path:
        data = next(data[a:b] for n, kind, a, b in wire.fields(data) if n == step and kind == wire.BYTES)
    return [number for number, _, _, _ in wire.fields(data)]


def put(message, field):
    """The field set, other than to its default, where it has a value of its own."""
    if field.message_type:
        inner = getattr(message, field.name)
        inner = inner.add() if hasattr(inner, "add") else inner
        inner.SetInParent()
        for each in field.message_type.fields:
            if not inner.ListFields() or not message.IsInitialized():
                put(inner, each)
        return
    value = 2
    if field.type == field.TYPE_STRING:
        value = "x"
    elif field.type == field.TYPE_BOOL:
        value = not field.default_value
    elif field.enum_type:
        value = field.enum_type.values[-1].number
    if isinstance(field.default_value, list):
        getattr(message, field.name).append(value)
    else:
        setattr(message, field.name, value)


def on_the_wire(message):
    """(kind, value) of the one field that is set."""
    data = message.SerializeToString()
    ((_, kind, begin, end),) = wire.fields(data)
    return kind, begin if kind == wire.VARINT else data[begin:end]


def written_number(name, layer_type):
    return next(n[0] for one, types, n in LAYERS if one == name and (not types or layer_type in types.split()))


@pytest.mark.parametrize(("name", "types", "number"), EVERY, ids=[f"{n}-{number}" for n, _, number in EVERY])
def test_a_layers_own_field_is_found_at_each_number_that_is_in_use(name, types, number):
    for layer_type in types or ["ReLU", "NeverHeardOf"]:
        alone = caffe_pb2.LayerParameter()
        put(alone, LAYER_FIELDS[name])
        read = from_wire(net(typed(layer_type), (number, *on_the_wire(alone))))
        alone.type = layer_type
        assert read.layer[0] == alone
        assert sorted(numbers_of(to_wire(read), [100])) == [2, written_number(name, layer_type)]
        assert from_wire(to_wire(read)) == read


def holder_of(name):
    """A field of a layer whose message has this name, a type that means it, and its number there."""
    held = next(field for field in LAYER_FIELDS.values() if field.message_type and field.message_type.name == name)
    types = [each for one, types, _ in LAYERS if one == held.name for each in types.split()]
    return (held.name, types[-1], written_number(held.name, types[-1])) if types else (held.name, "ReLU", held.number)


@pytest.mark.parametrize(
    ("name", "inner", "numbers"), [row[:3] for row in INNER], ids=[f"{m}.{n}" for m, n, *_ in INNER]
)
def test_a_field_within_is_found_at_each_number_that_is_in_use(name, inner, numbers):
    message = getattr(caffe_pb2, name)()
    put(message, message.DESCRIPTOR.fields_by_name[inner])
    for number in numbers:
        alone = wire.field(number, *on_the_wire(message))
        if name == "NetParameter":
            path, read = [], from_wire(alone)
            assert read == message
        elif name == "FillerParameter":
            path = [100, 106, 7]
            read = from_wire(net(typed("Convolution"), (106, wire.BYTES, wire.field(7, wire.BYTES, alone))))
            assert read.layer[0].convolution_param.weight_filler == message
        else:
            held, layer_type, around = holder_of(name)
            path = [100, around]
            read = from_wire(net(typed(layer_type), (around, wire.BYTES, alone)))
            assert getattr(read.layer[0], held) == message
        assert numbers_of(to_wire(read), path) == [numbers[0]]
        assert from_wire(to_wire(read)) == read


def test_one_number_means_what_the_type_says():
    data = b"\x08\x02"  # the field 1 is 2
    at_149 = {
        "Reorg": "reorg_param",
        "CenterLoss": "center_loss_param",
        "Upsample": "upsample_param",
        "PSROIPooling": "psroi_pooling_param",
        "Normalize": "norm_param",
        "CTCDecoder": "ctc_decoder_param",
    }
    for layer_type, name in at_149.items():
        layer = from_wire(net(typed(layer_type), (149, wire.BYTES, data))).layer[0]
        assert [field.name for field, _ in layer.ListFields()] == ["type", name]
    intel = from_wire(net(typed("ReLU"), (149, wire.BYTES, b"MKLDNN"))).layer[0]
    assert intel.engine == "MKLDNN"
    nvidia = from_wire(net(typed("ReLU"), (149, wire.VARINT, 1))).layer[0]
    assert nvidia.debug


def test_the_type_may_stand_behind_the_field():
    layer = from_wire(net((149, wire.BYTES, b"\x08\x02"), typed("Reorg"))).layer[0]
    assert layer.reorg_param.stride == 2


def test_a_contested_message_of_another_type_is_kept_out_of_sight():
    odd = (203, wire.BYTES, b"\x0a\x03abc")
    data = net(typed("TripletLoss"), odd)
    read = from_wire(data)
    assert not read.layer[0].HasField("prior_box_param")
    assert to_wire(read) == data


def test_what_cannot_be_read_as_our_message_is_kept_out_of_sight():
    odd = (224, wire.BYTES, b"\xff\xff")  # pad_param to Synopsys; no message at all
    data = net(typed("NeverHeardOf"), odd)
    read = from_wire(data)
    assert [field.name for field, _ in read.layer[0].ListFields()] == ["type"]
    assert to_wire(read) == data
    assert numbers_of(read.SerializeToString(), [100]) == [2, FOREIGN + 224]


def test_numbers_nobody_knows_are_written_again():
    data = net(typed("NeverHeardOf"), (8299, wire.BYTES, b"\x08\x01"), (8300, wire.VARINT, 7))
    assert to_wire(from_wire(data)) == data


def test_a_field_under_a_strange_type_keeps_our_own_number():
    written = caffe_pb2.NetParameter()
    written.layer.add(type="MyOHEM").box_annotator_ohem_param.roi_per_img = 3
    assert numbers_of(to_wire(written), [100]) == [2, LAYER_FIELDS["box_annotator_ohem_param"].number]
    assert from_wire(to_wire(written)) == written


def test_values_of_an_enum_are_the_forks_own():
    for name, field, types, values in VALUES:
        enum = getattr(caffe_pb2, name).DESCRIPTOR.fields_by_name[field].enum_type
        for layer_type in types.split():
            for number, value in values.items():
                data = net(typed(layer_type), (101, wire.BYTES, wire.field(3, wire.VARINT, number)))
                read = from_wire(data)
                assert enum.values_by_number[read.layer[0].loss_param.normalization].name == value
                assert to_wire(read) == data
    plain = from_wire(net(typed("SoftmaxWithLoss"), (101, wire.BYTES, wire.field(3, wire.VARINT, 3))))
    assert plain.layer[0].loss_param.normalization == caffe_pb2.LossParameter.NONE


def test_one_layer_may_be_written_alone():
    layer = caffe_pb2.LayerParameter(type="Reorg")
    layer.reorg_param.stride = 2
    assert wire.field(100, wire.BYTES, to_wire(layer)) == to_wire(caffe_pb2.NetParameter(layer=[layer]))


def test_text_that_nobody_understood_survives():
    written = caffe_pb2.NetParameter()
    written.layer.add(type="Odd", unparsed=["odd_param { a: 1 }"])
    assert from_wire(to_wire(written)) == written


@pytest.mark.parametrize("data", [b"\xa2\x06\x05abc", b"\x0a", b"PK\x03\x04", b"\x07"], ids=repr)
def test_what_is_no_net_is_refused(data):
    with pytest.raises(ParseError, match="expected a NetParameter in protobuf's binary form"):
        from_wire(data)


def test_what_lacks_a_required_field_is_not_written():
    layer = caffe_pb2.LayerParameter(type="Clip")
    layer.clip_param.min = 0
    with pytest.raises(ParseError, match=r"expected a whole LayerParameter to write: .*clip_param.max"):
        to_wire(layer)


def test_every_row_names_fields_of_the_schema_and_numbers_that_are_not_private():
    known = messages()
    for name, _, numbers in LAYERS:
        assert name in LAYER_FIELDS
        assert all(0 < number < FOREIGN for number in numbers)
    for name, inner, numbers, _ in INNER:
        assert inner in getattr(caffe_pb2, name).DESCRIPTOR.fields_by_name
        assert all(0 < number < FOREIGN for number in numbers)
        assert known[name].claims


def test_caffes_own_weight_files_are_read_and_written_unchanged(golden):
    for path in files(GOLDEN / "deploy", "*.caffemodel")[:10]:
        data = path.read_bytes()
        assert from_wire(data) == caffe_pb2.NetParameter.FromString(data)
        assert to_wire(from_wire(data)) == from_wire(data).SerializeToString(deterministic=True)


def test_real_nets_of_the_forks_survive_the_binary_form(corpus):
    ours = [path for path in files(CORPUS, "*.prototxt") if not re.search("solver", path.name)]
    tried = 0
    for path in ours[::9]:
        try:
            written = text_format.Parse(path.read_text("utf-8-sig"), caffe_pb2.NetParameter())
        except (text_format.ParseError, UnicodeDecodeError):
            continue
        tried += 1
        assert from_wire(to_wire(written)) == written, path
    assert tried > 40
