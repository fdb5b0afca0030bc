"""What LSTM and RNN share."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import protonet
from tests.tools import layer

T, N, D = 3, 2, 4
FILLED = 'weight_filler { type: "gaussian" std: 0.5 } bias_filler { type: "gaussian" }'
NET = """
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 3 dim: 2 dim: 4 } } }
layer { name: "go" type: "Input" top: "go" input_param { shape { dim: 3 dim: 2 } } }
layer { name: "r" type: "%s" bottom: "x" bottom: "go" top: "y" recurrent_param { num_output: 5 %s } }
"""


@pytest.mark.parametrize("kind", ["LSTM", "RNN"])
def test_a_net_goes_on_where_its_last_batch_ended(kind, tmp_path, rng):
    (tmp_path / "net.prototxt").write_text(NET % (kind, FILLED))
    net = protonet.Net(str(tmp_path / "net.prototxt"), protonet.TEST)
    x, one, zero = rng.normal(size=(T, N, D)), np.ones((T, N)), np.ones((T, N))
    zero[0] = 0
    first = net.forward(x=x, go=zero)["y"].copy()
    second = net.forward(x=x, go=one)["y"].copy()
    assert abs(second - first).max() > 1e-3
    assert_array_equal(net.forward(x=x, go=zero)["y"], first)


@pytest.mark.parametrize("kind", ["LSTM", "RNN"])
@pytest.mark.parametrize("wanted", [0, 2])
def test_only_what_is_wanted_is_computed(kind, wanted, rng):
    shapes = (T, N, D), (T, N), (N, 3)
    text = f'type: "{kind}" recurrent_param {{ num_output: 5 {FILLED} }}'
    whole, part = layer(text, *shapes), layer(text, *shapes, wants=[i == wanted for i in range(3)])
    xs = rng.normal(size=shapes[0]), np.ones((T, N)), rng.normal(size=shapes[2])
    dy = rng.normal(size=(T, N, 5))
    whole.forward(*xs)
    part.forward(*xs)
    assert_allclose(part.backward(dy)[wanted], whole.backward(dy)[wanted], rtol=1e-6)
    assert [b.diff is None for b in part.bottoms] == [i != wanted for i in range(3)]
