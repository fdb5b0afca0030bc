import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.errors import ShapeError
from tests.naive.lstm_unit import lstm_unit
from tests.tools import check_gradient, layer, run

SHAPES = (1, 3, 5), (1, 3, 20), (1, 3)
CONT = np.array([[1, 0, 1]])


@pytest.mark.parametrize("bias", [0, 2])
def test_agrees_with_one_number_at_a_time(bias, rng):
    it = layer(f'type: "LSTMUnit" lstm_unit_param {{ forget_bias: {bias} }}', *SHAPES)
    c, x = rng.normal(size=SHAPES[0]), rng.normal(size=SHAPES[1])
    _, tops = run(it, c, x, CONT)
    for top, expected in zip(tops, lstm_unit(c[0], x[0], CONT[0], bias), strict=True):
        assert_allclose(top.data[0], expected, atol=1e-6)


def test_a_sequence_that_begins_has_no_past():
    it = layer('type: "LSTMUnit"', (1, 2, 1), (1, 2, 4), (1, 2))
    _, (c, h) = run(it, [[[8], [8]]], np.zeros((1, 2, 4)), [[0, 1]])
    assert_allclose(c.data.ravel(), [0, 4])  # half of it is forgotten
    assert_allclose(h.data.ravel(), [0, 0.5 * np.tanh(4)], rtol=1e-6)


def test_gradient(rng):
    check_gradient(layer('type: "LSTMUnit"', *SHAPES), rng.normal(size=SHAPES[0]), rng.normal(size=SHAPES[1]), CONT)


@pytest.mark.parametrize("silent", [0, 1])
def test_gradient_where_one_top_receives_none(silent, rng):
    both, one = layer('type: "LSTMUnit"', *SHAPES), layer('type: "LSTMUnit"', *SHAPES, silent=(silent,))
    xs = rng.normal(size=SHAPES[0]), rng.normal(size=SHAPES[1]), CONT
    both.forward(*xs)
    one.forward(*xs)
    dys = rng.normal(size=(2, *SHAPES[0]))
    alone = [d.copy() for d in one.backward(*dys) if d is not None]
    dys[silent] = 0
    for a, b in zip(alone, both.backward(*dys), strict=False):
        assert_allclose(a, b)


def test_gates_of_another_size_are_refused():
    with pytest.raises(ShapeError, match=r"expected x of shape \(1, 3, 20\), four numbers for each of c, found"):
        layer('type: "LSTMUnit"', (1, 3, 5), (1, 3, 15), (1, 3))
