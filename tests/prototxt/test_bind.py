import pytest

from protonet.errors import ParseError
from protonet.proto import caffe_pb2
from protonet.prototxt import suggest
from protonet.prototxt.parse import loads


def refusal(text, kind="NetParameter", **options):
    with pytest.raises(ParseError) as caught:
        loads(text, kind, "f", **options)
    return str(caught.value).split("\n")[0]


def value(kind, name, text):
    return getattr(loads(f"{name}: {text}", kind).message, name)


INTEGERS = {
    "12": 12,
    "-12": -12,
    "- 12": -12,
    "-\n# why\n12": -12,
    "0x1F": 31,
    "-0X1f": -31,
    "017": 15,
    "0": 0,
    "-0": 0,
}
FLOATS = {
    "1": 1.0, "1.": 1.0, ".5": 0.5, "1.5f": 1.5, "1F": 1.0, "1e3": 1000.0, "1E+3": 1000.0, "1e-3f": 0.001, "-.5": -0.5,
    "- 2": -2.0, "inf": float("inf"), "-Infinity": -float("inf"), "INF": float("inf"), "1e400": float("inf"),
    "123456789012345678901": 123456789012345678901.0,
}  # fmt: skip
BOOLS = {"true": 1, "True": 1, "t": 1, "1": 1, "0x1": 1, "false": 0, "False": 0, "f": 0, "0": 0, "00": 0}
STRINGS = {
    r'"a" "b"': "ab",
    "'a'\n# c \"\n\"b\"'c'": "abc",
    r"""'"' "'" """: "\"'",
    r'"\a\b\f\n\r\t\v\\\?\'\""': "\a\b\f\n\r\t\v\\?'\"",
    r'"\101\x41\X42\x4G\1"': "AAB\x04G\x01",
    r'"\u00e9\U0001F600\ud83d\ude00"': "é😀😀",
    r'"\303\251"': "é",
    '"é # {"': "é # {",
}


@pytest.mark.parametrize("text", INTEGERS)
def test_integers_read_in_every_form(text):
    assert value("BlobProto", "num", text) == INTEGERS[text]


@pytest.mark.parametrize("text", FLOATS)
def test_floats_read_in_every_form(text):
    assert value("BlobProto", "double_data", text) == [FLOATS[text]]


def test_nan_reads_and_a_float_too_large_is_infinite():
    assert value("SolverParameter", "base_lr", "-NaN") != value("SolverParameter", "base_lr", "nan")
    assert value("SolverParameter", "base_lr", "1e39") == float("inf")


@pytest.mark.parametrize("text", BOOLS)
def test_booleans_read_in_every_form(text):
    assert value("NetParameter", "debug_info", text) == BOOLS[text]


@pytest.mark.parametrize("text", STRINGS)
def test_strings_read_with_every_escape(text):
    assert value("NetParameter", "name", text) == STRINGS[text]


def test_bytes_take_any_byte():
    assert value("Datum", "data", r'"\xff\0" "\377é" "\ud800"') == b"\xff\0\xff\xc3\xa9\xed\xa0\x80"
    assert loads(b'data: "\xe9"', "Datum").message.data == b"\xe9"


def test_enums_read_by_name_and_by_number():
    for text in ("TEST", "1", "0x1"):
        assert value("NetState", "phase", text) == caffe_pb2.TEST


def test_integers_reach_just_as_far_as_their_type():
    assert value("BlobProto", "num", "-2147483648") == -(1 << 31)
    assert value("BlobShape", "dim", "[9223372036854775807, -9223372036854775808]") == [(1 << 63) - 1, -(1 << 63)]
    assert value("ConvolutionParameter", "num_output", "4294967295") == (1 << 32) - 1
    assert "from -2147483648 to 2147483647, found '2147483648'" in refusal("num: 2147483648", "BlobProto")
    assert "from 0 to 4294967295, found '4294967296'" in refusal("num_output: 4294967296", "ConvolutionParameter")
    assert "found '9223372036854775808'" in refusal("dim: [9223372036854775808]", "BlobShape")


WRONG = {
    "num: 1.0": "f:1:6: num: expected an integer, found '1.0'",
    "num: 08": "num: expected an integer, found '08', which is not octal",
    "num: +1": "expected an integer, found '+1'",
    'num: "1"': "expected an integer, found '\"1\"'",
    "num: x": "expected an integer, found 'x'",
    "num: -": "expected an integer, found '-'",
    "num: [1]": "num: can be given once, found a list",
    "num: " + "9" * 5000: "expected an integer, found one of 5,000 digits",
    "data: 0x10": "data: expected a number in decimal form, found '0x10'",
    "data: 010": "expected a number in decimal form, found '010'",
    "data: 1.2.3": "expected a number, found '1.2.3'",
    "data: - -1": "expected a number",
    "data: [1, , 2]": "expected a number, found ''",
    "data: [1 2]": "expected a number, found '1 2'",
    "shape: 3": "shape: expected '{', found '3'",
    "shape: [3]": "shape: can be given once, found a list",
    "shape: [{ }]": "shape can be given once, found a list",
    "num { }": "f:1:1: expected ':' and a value after 'num', found a message",
    "num: 1 num: 1": "f:1:8: 'num' is given twice in one BlobProto",
    "shape { } shape { }": "f:1:11: 'shape' is given twice in one BlobProto",
    "[x.y]: 1": "'[x.y]': extensions and Any have no place in Caffe's files",
    "[x.y/z] { }": "f:1:1: '[x.y/z]': extensions and Any have no place",
    "[x.y]: [{ }]": "extensions and Any have no place",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_value_is_refused_at_its_place(text):
    assert WRONG[text] in refusal(text, "BlobProto")


def test_what_is_no_boolean_string_or_enum_is_refused():
    assert "expected true or false, found 'yes'" in refusal("debug_info: yes")
    assert "expected true or false, found '2'" in refusal("debug_info: 2")
    assert "f:1:7: name: expected a string in quotes, found 'conv1'" in refusal("name: conv1")
    assert r"'\d' is no escape: write '/' in a path" in refusal(r'name: "C:\data"')
    assert "is no escape" in refusal(r'name: "\u12"')
    assert "is no escape" in refusal(r'name: "\U00110000"')
    assert "byte 0xff of the string" in refusal(r'name: "\xff"')
    assert "'TSET' is no Phase (did you mean 'TEST'?)" in refusal("phase: TSET", "NetState")
    assert "'2' is no Phase (it can be TRAIN, TEST)" in refusal("phase: 2", "NetState")
    assert "'\"TEST\"' is no Phase (did you mean 'TEST'?)" in refusal('phase: "TEST"', "NetState")


# unknown fields


def test_an_unknown_field_is_an_error_with_what_was_meant():
    assert "unknown field 'nam' in NetParameter (did you mean 'name'?)" in refusal('nam: "x"')
    assert "unknown field 'numOutput' in ConvolutionParameter (did you mean 'num_output'?)" in refusal(
        "numOutput: 1", "ConvolutionParameter"
    )
    assert refusal("xyzzy { }").endswith("unknown field 'xyzzy' in NetParameter")


def test_a_field_that_belongs_into_a_message_nearby_is_sent_there():
    assert refusal('layer { type: "Pooling" kernel_size: 3 }').endswith("(it is a field of pooling_param)")
    assert refusal('layer { bottom: "x" lr_mult: 3 }').endswith("(it is a field of param)")
    assert "it is a field of LayerParameter (is a '}' missing" in refusal('layer { include { bottom: "x" } }')


def test_unknown_fields_can_be_ignored_with_a_warning():
    text = 'nam: "x"\nlayer { name: "a" type: "ReLU" odd: 1\n odd_param { b: 2 } relu_param { odd: 1 } }'
    document = loads(text, name="f", ignore_unknown=True)
    assert document.warnings == [
        "f:1:1: unknown field 'nam' is ignored",
        "f:2:32: unknown field 'odd' is ignored",
        "f:3:2: unknown field 'odd_param' is ignored",
        "f:3:34: unknown field 'odd' is ignored",
    ]
    assert not document.message.layer[0].unparsed


def test_ignoring_unknown_fields_ignores_no_missing_brace():
    assert "is a '}' missing" in refusal('layer { name: "a" layer { name: "b" } }', ignore_unknown=True)


def test_an_unknown_param_of_a_known_layer_is_kept_as_text_and_told():
    document = loads('layer { name: "c" type: "ReLU"\n  relo_param { a: 1 }\n}', name="f")
    assert list(document.message.layer[0].unparsed) == ["relo_param { a: 1 }"]
    assert document.warnings == ["f:2:3: layer 'c': 'relo_param' is unknown (did you mean 'relu_param'?): kept as text"]


def test_any_unknown_field_of_an_unknown_layer_is_kept_wherever_its_type_stands():
    text = 'odd: 3 more: [{ a: 1 }, <b: 2>], deep { x < y: "}" > } list: ["a", "b"]'
    layer = loads(f'layer {{ {text} type: "Foreign" top: "y" }}').message.layer[0]
    assert list(layer.unparsed) == [
        "odd: 3", "more: [{ a: 1 }, <b: 2>]", 'deep { x < y: "}" > }', 'list: ["a", "b"]',
    ]  # fmt: skip
    assert list(layer.top) == ["y"]


def test_an_unknown_field_of_a_known_layer_is_an_error_as_is_one_inside_a_known_message():
    assert "unknown field 'odd' in LayerParameter" in refusal('layer { type: "ReLU" odd: 1 }')
    assert "unknown field 'odd' in LayerParameter" in refusal("layer { odd: 1 }")
    assert "unknown field 'odd' in ReLUParameter" in refusal('layer { type: "Foreign" relu_param { odd: 1 } }')
    assert "unknown field 'odd_param' in NetParameter" in refusal("odd_param { }")


def test_the_field_for_kept_text_cannot_be_given():
    assert refusal('layer { unparsed: "x { }" type: "ReLU" }').endswith("unknown field 'unparsed' in LayerParameter")


def test_layer_types_are_known_by_name_by_parameters_or_when_told(monkeypatch):
    layer = caffe_pb2.LayerParameter.DESCRIPTOR
    assert suggest.knows("SoftmaxWithLoss", layer)
    assert suggest.knows("HDF5Output", layer)
    assert suggest.check_type("Convolutional", layer) == (
        "unknown layer type 'Convolutional' (did you mean 'Convolution'?)"
    )
    monkeypatch.setattr(suggest, "TYPES", set(suggest.TYPES))
    suggest.learn(["Convolutional"])
    assert suggest.check_type("Convolutional", layer) == ""


def test_a_statement_remembered_for_one_message_is_not_taken_for_another():
    text = "layer { pooling_param { pad: 1 kernel_size: 2 } convolution_param { pad: 1 kernel_size: 2 } }"
    layer = loads(text).message.layer[0]
    assert (layer.pooling_param.pad, layer.pooling_param.kernel_size) == (1, 2)
    assert (layer.convolution_param.pad, layer.convolution_param.kernel_size) == ([1], [2])


def test_an_empty_message_is_there():
    net = loads("state { } layer { convolution_param { } }").message
    assert net.HasField("state")
    assert net.layer[0].HasField("convolution_param")
    assert not net.layer[0].HasField("pooling_param")
