"""Everything that is wrong with a net, not only the first thing."""

import pytest

from protonet.errors import DataError
from protonet.net.check import MOST, problems
from protonet.prototxt import parse
from tests.net.tools import data, ip, layer

LMDB = 'layer {{ name: "db" type: "Data" top: "data" top: "label" data_param {{ source: "gone" batch_size: 7 }} {} }}\n'


def told(text, phase=1):
    return [[str(error) for error in each] for each in problems(parse.loads(text, name="net.prototxt"), phase)]


def test_each_layer_that_is_wrong_is_told_with_its_place():
    text = (
        data(2, 3, 8, 8)
        + layer("a", "Convolution", "data", "a", "convolution_param { num_output: 2 }")
        + layer("b", "Pooling", "a", "b", "pooling_param { kernel_size: 2 }")  # depends on what is wrong: not told
        + layer("c", "Pooling", "data", "c", "pooling_param { kernel_size: 2 pad: 2 }")
        + layer("d", "Relu", "data", "d")
        + layer("e", "Pooling", "nothing", "e", "pooling_param { kernel_size: 2 }")
        + layer("f", "ReLU", "data", "data")  # others have read it before
    )
    errors, notes = told(text)
    assert [error.partition("'")[2][0] for error in errors] == ["a", "c", "d", "e", "f"]
    assert [error.partition(": ")[0] for error in errors] == [f"net.prototxt:{i}:1" for i in (2, 4, 5, 6, 7)]
    assert not notes


def test_behind_a_layer_that_fails_in_place_the_net_goes_on():
    text = (
        data(2, 3)
        + layer("r", "ReLU", "data", "data", "relu_param { negative_slope: 1 } param { }")
        + layer("e", "ELU", "data", "e x")
    )
    assert len(told(text)[0]) == 2


def test_an_unknown_bottom_behind_a_layer_left_out_is_not_told_again():
    text = data(2, 3) + ip("a", "dta", "a") + ip("b", "a", "b") + layer("two", "Eltwise", "a b", "two")
    assert len(told(text)[0]) == 1


def test_data_that_are_gone_are_a_note_and_the_prototxt_says_their_shape():
    rest = (
        layer("c", "Convolution", "data", "c", "convolution_param { num_output: 2 kernel_size: 30 }")
        + ip("fc", "data", "fc", 2)
        + layer("loss", "SoftmaxWithLoss", "fc label", "loss")
        + layer("acc", "Accuracy", "fc label", "acc", "accuracy_param { top_k: 5 }")
    )
    errors, notes = told(LMDB.format("transform_param { crop_size: 24 }") + rest)
    assert len(notes) == 1
    assert "gone" in notes[0]
    assert [error.partition("'")[2].partition("'")[0] for error in errors] == ["c", "acc"]
    assert told(LMDB.format("") + rest)[0] == []  # nothing is known of what comes behind


def test_notes_are_data_errors():
    _, (note,) = problems(parse.loads(LMDB.format("")), 1)
    assert isinstance(note, DataError)


@pytest.mark.parametrize("n", [MOST - 1, MOST + 5])
def test_there_is_an_end(n):
    text = data(2, 3) + "".join(layer(f"r{i}", "Relu", "data", f"y{i}") for i in range(n))
    assert len(told(text)[0]) == min(n, MOST)


def test_a_net_that_is_right_has_no_problems():
    assert told(data(2, 3) + ip("a", "data", "a")) == [[], []]


def test_what_is_wrong_with_no_layer_is_told_too():
    errors, _ = told('input: "x" input_dim: 1\n')
    assert len(errors) == 1
