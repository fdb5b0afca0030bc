from google.protobuf import text_format
from hypothesis import given, settings
from hypothesis import strategies as st

from protonet.proto import caffe_pb2
from protonet.prototxt.parse import loads
from protonet.prototxt.write import dumps
from tests.prototxt.strategies import messages, writings

KINDS = "NetParameter", "LayerParameter", "SolverParameter", "V1LayerParameter", "Datum", "BlobProto", "NetState"
ANY = st.sampled_from(KINDS).flatmap(lambda kind: messages(getattr(caffe_pb2, kind)))
QUICK = settings(max_examples=150, deadline=None)


@QUICK
@given(ANY)
def test_what_is_written_reads_back_equal(message):
    assert same(loads(dumps(message), type(message).DESCRIPTOR.name).message, message)


@QUICK
@given(ANY)
def test_text_is_what_protobuf_prints(message):
    assert dumps(message) == text_format.MessageToString(message, as_utf8=True)


@QUICK
@given(st.data())
def test_every_way_to_write_a_message_reads_the_same(data):
    message = data.draw(ANY)
    text = data.draw(writings(message))
    assert same(loads(text, type(message).DESCRIPTOR.name).message, message)


def same(a, b):
    """By bytes, since NaN is not equal to itself."""
    return a.SerializeToString(deterministic=True) == b.SerializeToString(deterministic=True)


def test_floats_are_as_short_as_float32_allows():
    layer = caffe_pb2.LayerParameter(loss_weight=[0.1, 1e-7, 1.0, 16777216, 3.4028234663852886e38, float("inf")])
    numbers = ["0.1", "1e-07", "1.0", "16777216.0", "3.4028235e+38", "inf"]
    assert dumps(layer) == "".join(f"loss_weight: {number}\n" for number in numbers)


def test_enums_stand_by_name_and_characters_as_they_are():
    text = 'name: "Straße \\"x\\"\\n"\nphase: TEST\n'
    assert dumps(loads(text, "LayerParameter").message) == text


KEPT = """layer {
  name: "x"
  type: "Mine"
  mine_param { a: 1  # why
    b { c: "}" } }
  speed: [1, 2]
}
"""


def test_what_was_kept_as_text_is_written_as_it_was():
    message = loads(KEPT).message
    assert list(message.layer[0].unparsed) == ['mine_param { a: 1  # why\n    b { c: "}" } }', "speed: [1, 2]"]
    assert dumps(message) == KEPT
    assert loads(dumps(message)).message == message
