import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protonet import errors
from protonet.prototxt import parse, tree
from protonet.prototxt.parse import kind_of, load, loads
from tests.conftest import GOLDEN, needs


def refusal(text, kind="NetParameter", **options):
    with pytest.raises(errors.ParseError) as caught:
        loads(text, kind, "net.prototxt", **options)
    return caught.value


def layer(text):
    return loads(f"layer {{ {text} }}").message.layer[0]


# what reads


def test_a_block_may_stand_in_either_bracket_with_or_without_a_colon():
    net = loads('layer { name: "a" } layer < name: "b" > layer: { name: "c" } layer: <name: "d">').message
    assert [each.name for each in net.layer] == ["a", "b", "c", "d"]


def test_a_list_gives_a_repeated_field_at_once():
    assert list(layer("bottom: ['a', \"b\"] bottom: 'c' top: []").bottom) == ["a", "b", "c"]
    assert list(layer("loss_weight: [ 1 , .5f,-2 ]").loss_weight) == [1, 0.5, -2]


def test_a_list_of_messages_reads_as_that_many_messages():
    net = loads('layer: [{ name: "a" }, < name: "b" >] layer [ { name: "c" } ] layer: []').message
    assert [each.name for each in net.layer] == ["a", "b", "c"]


def test_statements_may_end_in_one_comma_or_semicolon():
    text = 'name: "n", layer { name: "a"; top: "x", param { lr_mult: 1 }, param { lr_mult: 2 }; },'
    assert loads(text).message.layer[0].param[1].lr_mult == 2
    assert "unexpected ';'" in str(refusal('name: "n";;'))


def test_comments_and_line_ends_of_all_sorts_are_blank():
    text = '\ufeff# one { "\r\nname # two\r\n: # three\n"n"# four\r\nlayer # five\n{# six }\n}\r\n# seven'
    net = loads(text).message
    assert (net.name, len(net.layer)) == ("n", 1)
    assert len(loads("layer { # a < b\n} layer # <\n{ } layer < # {\n>").message.layer) == 3
    assert loads("").message == loads("# nothing").message == loads(b"\xef\xbb\xbf\r\n").message


def test_a_number_ends_where_a_name_begins_only_behind_a_blank():
    assert "expected a blank between '3' and 'pad'" in str(
        refusal("layer { convolution_param { num_output: 3pad: 1 } }")
    )


def test_bytes_that_are_not_utf8_are_read_over_in_comments_and_refused_in_strings():
    assert loads('# \xfcber\nname: "n"'.encode("latin-1")).message.name == "n"
    error = refusal(b'layer {\n  name: "\xfcber" }')
    assert "net.prototxt:2:9: name: byte 0xfc" in str(error)
    assert "UTF-8" in str(error)
    str(error).encode("utf-8")  # the excerpt can be printed


# places


def test_the_place_of_every_field_is_known():
    document = loads(
        'name: "n"\nlayer { name: "a" }\n\nlayer: [{\n  bottom: ["x", "y"]\n  include { phase: TEST }\n}, { }]',
        name="f",
    )
    assert [document.place(i) for i in range(3)] == ["f:2:1", "f:4:9", "f:7:4"]
    assert document.place_of("name") == "f:1:1"
    assert document.place_of("layer", 1, "bottom", 1) == "f:5:17"
    assert document.place_of("layer", 1, "include", "phase") == "f:6:13"


def test_the_place_of_what_is_not_written_is_that_of_what_would_hold_it():
    assert loads("\nlayer { param { } }", name="f").place_of("layer", "param", "lr_mult") == "f:2:9"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_whatever_ends_them(end):
    assert refusal(f'name: "n"{end}{end}\t  nmae: "x"').where == "net.prototxt:3:4"


# errors


def test_an_error_shows_the_line_and_points_into_it():
    text = "layer {\n\tconvolution_param { num_output: 2 kernel_sise: 3 }\n}"
    assert str(refusal(text)) == (
        "net.prototxt:2:36: unknown field 'kernel_sise' in ConvolutionParameter (did you mean 'kernel_size'?)\n"
        "    \tconvolution_param { num_output: 2 kernel_sise: 3 }\n"
        "    \t                                  ^"
    )


def test_the_caret_stands_right_below_wide_characters():
    lines = str(refusal('name: "网" nmae: 1')).split("\n")
    assert lines[1:] == ['    name: "网" nmae: 1', "               ^"]


def test_of_a_very_long_line_only_the_part_around_the_error_is_shown():
    error = str(refusal(f'name: "{"a" * 5000}" nmae: 1 # {"b" * 5000}'))
    assert len(error) < 400
    _, line, caret = error.split("\n")
    assert line[caret.index("^") :].startswith("nmae: 1")


def test_all_errors_of_a_file_come_at_once_in_its_order():
    error = refusal(
        'nmae: "n"\nlayer { name: a }\nlayer { bottom "x" }\nlayer { phase: TRIAN }\nforce_backward: maybe\n}'
    )
    assert [each.where.split(":")[1] for each in error.errors] == ["1", "2", "3", "4", "5", "6"]
    assert all(isinstance(each, errors.ParseError) for each in error.errors)
    assert [str(each) for each in error.errors] == re.split(r"\n(?=net)", str(error))


def test_there_are_no_more_than_twenty_errors():
    for line in ("nmae: 1\n", "@\n", "layer { name: 1 }\n"):
        error = refusal(line * 50)
        assert len(error.errors) == 20
        assert str(error).endswith("20 errors, and maybe more: stopped here")


WRONG = {
    'layer { name "c" }': ["1:9: expected ':' or '{' after 'name'"],
    'layer { name = "c" }': ["1:9: expected ':' after 'name', found '='"],
    "layer { convolution_param { pad: } }": ["1:29: expected a value for 'pad'"],
    "layer { convolution_param { pad: stride: 1 } }": ["1:29: expected a value for 'pad'"],
    'layer { name: "c\n}': ["1:9: the string that is the value of 'name' is not closed on its line"],
    "layer { name: conv/1 }": ["1:15: name: expected a string in quotes, found 'conv/1'"],
    'layer conv1 { name: "c" }': ["1:1: expected ':' or '{' after 'layer'"],
    '{ name: "c" }': ["1:1: expected the name of a field before '{'"],
    '"name": "c"': ["1:1: expected the name of a field, found a string: names stand without quotes"],
    "// layer": ["1:1: a comment begins with '#'"],
    "layer { } %": ["1:11: a comment begins with '#'"],
    "layer { num_output: ${N} }": ["1:9: the value of 'num_output' is a placeholder"],
    'layer { top: ["a", }': ["1:9: cannot read the list that is the value of 'top'"],
    "name: 'n'，": ["1:10: unexpected character '，' (U+FF0C)"],
    "layer { } }": ["1:11: '}' closes nothing"],
    "layer { ]": ["1:1: 'layer {' is never closed", "1:9: ']' closes no list"],
    "layer # <\n{ # <\n>": ["3:1: 'layer' cannot end with '>'"],
    "[1]": ["1:1: expected the name of a field before '['"],
    "layer { >": ["1:9: 'layer {' cannot end with '>'"],
    "layer <\n}": ["2:1: 'layer <' cannot end with '}'"],
    "layer {\n param { # why\n": ["1:1: 'layer {' is never closed", "2:2: 'param {' is never closed"],
    "layer: [{ }": ["1:1: 'layer: [' is never closed"],
    "layer: [{ } { }]": ["1:13: unexpected '{'"],
    'layer: [{ }, name: "x"]': ["1:14: expected '{' or '<', found 'name: \"x\"': this is a list of messages"],
    "layer: [{ },": ["1:13: the text ends in the middle of a list"],
}


@pytest.mark.parametrize("text", WRONG)
def test_a_syntax_error_says_what_was_expected(text):
    error = refusal(text)
    found = [str(each).split("\n")[0].removeprefix("net.prototxt:") for each in error.errors]
    for expected in WRONG[text]:
        assert any(each.startswith(expected) for each in found), found


def test_reading_goes_on_behind_a_syntax_error_without_follow_up_errors():
    assert len(refusal('layer conv1 { name: "c" }\nlayer { a b c d: }\nlayer { top: ["a", "b" }').errors) == 3
    assert len(refusal('layer { name: "c }\nlayer { }').errors) == 1


def test_a_missing_brace_is_looked_for_where_the_message_ought_to_end():
    error = refusal('layer {\n  name: "a"\n\nlayer { name: "b" }\nlayer { name: "c" }\nlayer { name: "d" }')
    assert [each.where for each in error.errors] == ["net.prototxt:1:1", "net.prototxt:4:1"]
    assert "it is a field of NetParameter (is a '}' missing before it?)" in str(error)


@needs(GOLDEN)
@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("unknown_field", ":2:94: unknown field 'kernel_sise' in ConvolutionParameter (did you mean 'kernel_size'?)"),
        ("syntax_error", ":2:1: 'layer {' is never closed"),
        ("bad_value", ":2:92: num_output: expected an integer of 0 or more, found '\"two\"'"),
        ("bad_enum", ":2:78: pool: 'MEDIAN' is no PoolMethod"),
        ("duplicate_scalar_field", ":2:19: 'name' is given twice in one LayerParameter"),
        ("clip_missing_required", ":2:53: layer[1].clip_param.max is required, and missing"),
    ],
)
def test_what_caffe_cannot_read_is_refused_with_a_place(golden, file, expected):
    with pytest.raises(errors.ParseError) as caught:
        load(golden / "errors" / f"{file}.prototxt")
    assert expected in str(caught.value).split("\n")[0]


# files, limits, odd input


def test_a_file_that_cannot_be_opened_is_named(tmp_path):
    for path in (tmp_path / "none.prototxt", tmp_path):
        with pytest.raises(errors.ParseError, match="cannot be read") as caught:
            load(path)
        assert str(caught.value).startswith(str(path))


def test_binary_and_utf16_files_are_told_apart_from_text(tmp_path):
    assert "net.prototxt:1:4: a zero byte" in str(refusal(b"abc\0"))
    assert "UTF-8" in str(refusal('name: "n"'.encode("utf-16")))


def test_a_text_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(parse, "MAX_BYTES", 100)
    (tmp_path / "large.prototxt").write_text("#" * 101)
    with pytest.raises(errors.ParseError, match="is this a prototxt"):
        load(tmp_path / "large.prototxt")
    monkeypatch.setattr(tree, "MAX_CHARACTERS", 100)
    assert "101 characters" in str(refusal("#" * 101))
    monkeypatch.setattr(tree, "MAX_BLOCKS", 30)
    assert "more than 30 messages" in str(refusal("a{}" * 31))


@pytest.mark.parametrize(
    "text", ["layer {" * 50_000, "layer {" * 50_000 + "}" * 50_000, "layer:[{" * 20_000, "[" * 50_000]
)
def test_deep_nesting_ends_in_an_error(text):
    assert len(refusal(text).errors) <= 20


def test_messages_nest_a_hundred_deep_and_no_deeper():
    # no message of Caffe's holds itself, so the depth is tried on one that does
    from google.protobuf import descriptor_pb2

    from protonet.prototxt.bind import Binder
    from protonet.prototxt.problems import Problems

    def read(depth):
        text = "nested_type {" * depth + "}" * depth
        problems, message = Problems(text, "deep"), descriptor_pb2.DescriptorProto()
        Binder(text, problems).bind(message, tree.parse(text, problems).children)
        return problems

    assert not read(100).found
    assert "nested deeper than 100" in str(read(101).error())


def test_a_hundred_thousand_numbers_read_in_one_go():
    numbers = list(range(100_000))
    blob = loads("data: " + str(numbers) + "\n" + "diff: 1 " * 100_000, "BlobProto").message
    assert list(blob.data) == numbers
    assert len(blob.diff) == 100_000


WORDS = """
layer name type top convolution_param num_output pad phase TRAIN include odd_param
{ } < > [ ] : ; , # ' " \\ 1 -1 0x .5 1e5 "a" 'b' é ＄ $ = // @
"""
PIECES = st.sampled_from([*WORDS.split(), *"\n\ufeff\0"])
TEXTS = st.tuples(st.lists(PIECES, max_size=30), st.sampled_from(["", " "])).map(lambda drawn: drawn[1].join(drawn[0]))


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_any_text_reads_or_is_refused_with_a_place(text):
    found = problems_of(text)
    assert all(re.match(r"f:\d+:\d+: ", str(each)) for each in found)


def problems_of(data):
    try:
        loads(data, name="f")
    except errors.ParseError as error:
        return error.errors
    return []


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40))
def test_any_bytes_read_or_are_refused(data):
    for error in problems_of(data):
        str(error).encode("utf-8")


# kinds


def test_the_kind_of_a_text_is_known_by_its_first_names():
    assert kind_of('# base_lr: 1\nname: "n" layer { }') == "NetParameter"
    assert kind_of('net_param { name: "n" layer { } }') == "SolverParameter"
    assert kind_of('debug_info: true\nbase_lr: 0.1 type: "SGD"') == "SolverParameter"
    assert kind_of('item { name: "x" }') == "LabelMap"
    assert kind_of("") == kind_of('@@ {{{ "') == "NetParameter"
