"""Trained numbers for a graph: by name, shared ones once, missing ones refused."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.errors import WeightsError
from protonet.graph.build import build
from protonet.graph.read import read
from protonet.io import Weights
from protonet.layers import TEST, make
from protonet.passes import attach
from protonet.prototxt import parse
from tests.passes.tools import bn, data, scale


def graph(text):
    return build(read(parse.loads(data(2, 3, 4, 5) + text), TEST).net, lambda param: make(param, TEST))


def test_blobs_come_by_name_in_the_shapes_of_the_net():
    net = graph(scale("s", "data", "s"))
    attach(net, Weights({"s": [np.ones((1, 1, 1, 3)), np.zeros(3)]}))
    assert [blob.shape for blob in net.nodes[1].blobs] == [(3,), (3,)]
    assert_array_equal(net.nodes[1].blobs[0], [1, 1, 1])


def test_missing_ones_are_refused_with_the_name_that_was_meant():
    with pytest.raises(WeightsError, match=r"layer 'scale1' has parameters.*did you mean 'scale_1'\?"):
        attach(graph(scale("scale1", "data", "s")), Weights({"scale_1": [np.ones(3)]}))
    with pytest.raises(WeightsError, match=r"hold none for it \(nor 1 more layers\)"):
        attach(graph(scale("a", "data", "s") + scale("b", "s", "t")), Weights())


def test_missing_ones_are_filled_if_that_is_allowed():
    net = graph(scale("s", "data", "s", "filler { value: 5 } bias_term: true bias_filler { value: 6 }"))
    found = attach(net, Weights(), allow_missing=True)
    assert_array_equal(net.nodes[1].blobs, [[5] * 3, [6] * 3])
    assert found.fresh == ["s"]


def test_another_shape_is_refused():
    with pytest.raises(WeightsError, match=r"layer 's': blob 0 is \(4,\) in the file, the net wants \(3,\)"):
        attach(graph(scale("s", "data", "s")), Weights({"s": [np.ones(4), np.ones(4)]}))


def test_shared_parameters_are_one_array_the_last_of_the_file():
    share = 'param { lr_mult: 0 name: "m" } param { lr_mult: 0 } param { lr_mult: 0 }'
    net = graph(bn("a", "data", "a", share) + bn("b", "a", "b", share))
    one = [np.full(3, 1.0), np.full(3, 2.0), np.ones(1)]
    two = [np.full(3, 5.0), np.full(3, 6.0), np.ones(1)]
    attach(net, Weights({"a": one, "b": two}))
    a, b = net.nodes[1:]
    assert (a.shares, b.shares) == ({0: "m"}, {0: "m"})
    assert_array_equal(a.blobs[0], [5, 5, 5])
    assert_array_equal(b.blobs[0], [5, 5, 5])
    assert_array_equal(a.blobs[1], [2, 2, 2])


def test_a_name_that_one_layer_bears_alone_shares_nothing():
    net = graph(scale("s", "data", "s", "").replace("scale_param", 'param { name: "w" } scale_param'))
    attach(net, Weights({"s": [np.ones(3)]}))
    assert net.nodes[1].shares == {}
