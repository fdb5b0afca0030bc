"""Parameters by the names of their layers: from Weights, from another net, and out again."""

import numpy as np
import pytest

from protonet.errors import WeightsError
from protonet.io import Weights
from tests.net.tools import data, ip, layer, net


def test_weights_are_matched_by_name_and_told():
    made = net(data(2, 3) + ip("a", "data", "a", 3) + ip("b", "a", "b", 2))
    given = Weights({"a": [np.ones((3, 3)), np.ones(3)], "z": [np.ones(4)]})
    found = made.copy_from(given)
    assert (found.copied, found.ignored, found.fresh) == (["a"], ["z"], ["b"])
    assert (made.params["a"][0].data == 1).all()
    with pytest.raises(WeightsError, match="has no weights for 'b': is it another net's file"):
        made.copy_from(given, allow_missing=False)


def test_a_net_shares_the_parameters_of_another_by_name():
    a = net(data(2, 3) + ip("x", "data", "x"))
    b = net(data(5, 3) + ip("x", "data", "x") + ip("y", "x", "y"))
    b.share_with(a)
    a.params["x"][1].data[...] = 9
    assert (b.params["x"][1].data == 9).all()
    with pytest.raises(WeightsError, match=r"layer 'x': blob 0 is \(3, 3\) in the other net, this net wants \(3, 4\)"):
        net(data(5, 4) + ip("x", "data", "x")).share_with(a)


def test_a_layer_of_that_name_without_as_many_parameters_is_refused():
    a = net(
        data(2, 3) + layer("x", "InnerProduct", "data", "x", "inner_product_param { num_output: 3 bias_term: false }")
    )
    with pytest.raises(WeightsError, match="layer 'x' has 1 blob in the other net, this net wants 2"):
        net(data(2, 3) + ip("x", "data", "x")).share_with(a)


def test_weights_are_copies_with_gradients_on_request():
    made = net(data(2, 3) + ip("a", "data", "a"))
    taken = made.weights()
    made.params["a"][0].data[...] = 9
    assert not (taken["a"][0] == 9).any()
    assert not taken.diffs
    made.params["a"][1].diff[...] = 4
    assert (made.weights(diffs=True).diffs["a"][1] == 4).all()


def test_parameters_that_belong_to_another_layer_are_known():
    named = 'param { name: "w" }'
    made = net(data(2, 3) + ip("a", "data", "a", 3, named) + ip("b", "a", "b", 3, named))
    assert made.shared == {("b", 0)}
