"""Parameters: filled late, shared by name, learned at their own rates."""

import numpy as np
import pytest

from protonet.errors import NetError
from protonet.io import Weights
from tests.net.tools import data, ip, net

TWO = data(2, 3) + ip("a", "data", "a", 3, 'param { name: "w" }') + ip("b", "a", "b", 3, 'param { name: "w" }')


def test_a_name_makes_two_layers_share_values_and_gradients():
    made = net(TWO)
    a, b = made.params["a"][0], made.params["b"][0]
    a.data[...] = 4
    b.diff[...] = 2
    assert (b.data == 4).all()
    assert (a.diff == 2).all()
    assert made.shared == {("b", 0)}
    assert len(made.parameters.learned) == 3
    assert made.parameters.labels == ["w", "1", "w", "1"]


def test_another_shape_is_shared_only_if_permissive():
    text = data(2, 4) + ip("a", "data", "a", 2, 'param { name: "w" }')
    strict = text + ip("b", "a", "b", 4, 'param { name: "w" }')
    with pytest.raises(NetError, match=r"layer 'b': parameter 'w' is \(2, 4\) in layer 'a'.*share_mode: PERMISSIVE"):
        net(strict)
    made = net(text + ip("b", "a", "b", 4, 'param { name: "w" share_mode: PERMISSIVE }'))
    made.params["a"][0].data[...] = np.arange(8).reshape(2, 4)
    assert made.params["b"][0].data[3].tolist() == [6, 7]


def test_multipliers_of_sharers_must_agree():
    with pytest.raises(NetError, match="shared parameter 'w' has lr_mult 2 in layer 'a', which owns it, and 3 here"):
        net(
            data(2, 3)
            + ip("a", "data", "a", 3, 'param { name: "w" lr_mult: 2 }')
            + ip("b", "a", "b", 3, 'param { name: "w" lr_mult: 3 }')
        )
    made = net(
        data(2, 3)
        + ip("a", "data", "a", 3, 'param { name: "w" }')
        + ip("b", "a", "b", 3, 'param { name: "w" lr_mult: 3 }')
    )
    assert made.parameters.learned[0].lr_mult == 3


def test_more_params_than_blobs_are_refused():
    with pytest.raises(NetError, match="layer 'a': has 2 parameter blobs, but param is given 3 times"):
        net(data(2, 3) + ip("a", "data", "a", 3, "param { } param { } param { }"))


def test_fillers_make_only_what_no_weights_give():
    text = data(2, 3) + ip("a", "data", "a", 3) + ip("b", "a", "b", 3)
    given = Weights({"a": [np.full((3, 3), 5), np.zeros(3)]})
    both, alone = net(text, weights=given, seed=3), net(text, seed=3)
    assert (both.params["a"][0].data == 5).all()
    assert not both.parameters.unfilled
    assert both.params["b"][0].data.any()
    assert both.params["b"][1].data.tolist() == alone.params["b"][1].data.tolist() == pytest.approx([0.1] * 3)


def test_a_net_that_shall_not_be_filled_is_empty_until_it_is():
    made = net(data(2, 3) + ip("a", "data", "a"), fill=False)
    assert not made.params["a"][0].data.any()
    made.parameters.fill()
    assert made.params["a"][0].data.any()
