import json

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import NetError
from protonet.layers import TEST
from protonet.runtime.random import words
from tests.naive.dropout import dropout
from tests.tools import layer, run

SHAPE = (3, 7, 293)  # two tasks, and no multiple of 4


def text(ratio):
    return f'type: "Dropout" dropout_param {{ dropout_ratio: {ratio} }}'


@pytest.mark.parametrize("ratio", [0, 0.1, 0.5, 0.9])
def test_agrees_with_numpy(ratio, rng):
    it, x = layer(text(ratio), SHAPE), rng.normal(size=SHAPE).astype("f")
    _, (y,) = run(it, x)
    drawn = words(1, 7, 1, x.size)  # seed and iteration, and stream, of tests.tools
    assert_allclose(y.data, dropout(x, drawn, np.float32(ratio)), rtol=1e-6)


def test_what_survives_makes_up_for_what_does_not(golden):
    caffe = json.loads((golden / "fillers" / "dropout_train.json").read_text())
    for ratio, expected in caffe.items():
        (y,) = layer(text(ratio), (100000,)).forward(1.0)
        assert_allclose(np.unique(y), expected["values"], rtol=1e-6)
        assert abs((y == 0).mean() - float(ratio)) < 0.005
        assert abs(y.mean() - 1) < 0.03


def test_each_iteration_draws_anew_and_the_same_one_the_same():
    it = layer('type: "Dropout"', SHAPE)
    first = it.forward(1.0)[0].copy()
    it.random[1] = 2
    second = it.forward(1.0)[0].copy()
    it.random[1] = 1
    assert (first != second).any()
    assert_array_equal(it.forward(1.0)[0], first)


@pytest.mark.parametrize("in_place", [False, True])
def test_the_gradient_passes_where_the_value_did(in_place):
    it = layer(text(0.3), SHAPE, in_place=in_place)
    y = it.forward(1.0)[0].copy()
    assert_array_equal(it.backward(1.0)[0], y)


@pytest.mark.parametrize("in_place", [False, True])
def test_testing_is_the_identity(in_place, rng):
    it, x = layer(text(0.3), (4, 5), phase=TEST, in_place=in_place), rng.normal(size=(4, 5)).astype("f")
    assert_array_equal(it.forward(x)[0], x)
    assert_array_equal(it.backward(x)[0], x)


def test_forks_may_scale_in_test_instead():
    more = ' type: "Dropout" dropout_param { dropout_ratio: 0.25 scale_train: false }'
    trained = layer(more, SHAPE)
    assert set(np.unique(trained.forward(3.0)[0])) == {0, 3}
    tested = layer(more, SHAPE, phase=TEST)
    assert_array_equal(tested.forward(4.0)[0], 3.0)
    assert_array_equal(tested.backward(4.0)[0], 3.0)


def test_forks_may_drop_in_test_too():
    it = layer('type: "Dropout" dropout_param { sample_weights_test: true }', SHAPE, phase=TEST)
    assert set(np.unique(it.forward(1.0)[0])) == {0, 2}


@pytest.mark.parametrize("ratio", [1, -0.1, 2])
def test_a_ratio_that_is_no_probability_is_refused(ratio):
    with pytest.raises(NetError, match=f"dropout_ratio is at least 0 and below 1, found {ratio}"):
        layer(text(ratio), (2, 3))
