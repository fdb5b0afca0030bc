"""Two nets compared: what differs, what agrees, and what proves nothing."""

import numpy as np
import pytest

from protonet.errors import ProtonetError
from protonet.io import Weights
from protonet.layers import TEST
from protonet.net import Net
from protonet.prototxt import parse
from protonet.verify import compare, differ, examples
from tests.passes.tools import data, layer, scale

TEXT = data(1, 3, 4, 5) + scale("s", "data", "s", "") + layer("r", "ReLU", "s", "r")
SHAPES = {"data": (1, 3, 4, 5)}


def net(factors=(1, 2, 3), text=TEXT):
    return Net(parse.loads(text), TEST, weights=Weights({"s": [np.array(factors)]}), trains=False)


def test_equal_nets_agree_at_every_blob():
    report = compare(net(), net(), examples(SHAPES))
    assert [d.blob for d in report.differences] == ["s", "r"]
    assert report.worst.relative == 0
    assert report.within(0)
    assert report.proven == ["s", "r"]
    assert "2 blobs compared on random x 0.0625, random x 1, random x 16: largest difference 0.0e+00" in str(report)


def test_a_difference_is_relative_to_the_largest_number():
    report = compare(net(), net((1, 2, 3.3)), examples(SHAPES))
    assert report.worst.relative == pytest.approx(0.1, rel=1e-4)
    assert not report.within(0.05)


def test_the_worst_input_is_named():
    report = compare(net(), net(), {"ones": {"data": np.ones((1, 3, 4, 5))}})
    assert report.on == ["ones"]
    assert differ(np.array([1.0, -4.0]), np.array([1.0, -3.0])) == (1.0, 0.25)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_agrees_with_nothing(value):
    report = compare(net((1, 2, value)), net((1, 2, value)), examples(SHAPES))
    assert np.isnan(report.worst.relative)
    assert not report.within(1e9)


def test_a_constant_blob_proves_nothing_and_is_named():
    report = compare(net((0, 0, 0)), net((0, 0, 0)), examples(SHAPES))
    assert report.within(0)
    assert report.silent == ["s", "r"]
    assert report.proven == []
    assert "constant, so that they prove nothing: s, r" in str(report)


def test_a_blob_that_is_the_same_for_every_input_proves_nothing():
    text = TEXT + 'layer { name: "two" type: "DummyData" top: "two" dummy_data_param { shape { dim: 2 } } }'
    text += layer("cut", "Flatten", "two", "cut", "flatten_param { axis: 0 }")
    first, second = net(text=text), net(text=text)
    for each in (first, second):
        each.forward_layers()
        each.blobs["two"].data[...] = [1, 2]
    assert compare(first, second, examples(SHAPES)).silent == ["two", "cut"]


def test_another_shape_is_a_difference():
    assert differ(np.ones(3), np.ones(4)) == (np.inf, np.inf)
    assert differ(np.zeros(3), np.ones(3)) == (1.0, np.inf)


def test_nets_are_reshaped_to_their_input():
    report = compare(net(), net(), {"three": {"data": np.random.default_rng(0).normal(size=(3, 3, 4, 5))}})
    assert report.worst.relative == 0


def test_a_missing_input_is_refused():
    with pytest.raises(ProtonetError, match="input 'data' is given no array"):
        compare(net(), net(), {"none": {}})


def test_examples_are_of_several_scales_and_the_same_each_time():
    found = examples(SHAPES, unit=2)
    spread = [arrays["data"].std() for arrays in found.values()]
    assert spread[0] < spread[1] / 8 < spread[2] / 64
    again = examples(SHAPES, unit=2)
    assert all(np.array_equal(found[label]["data"], again[label]["data"]) for label in found)
