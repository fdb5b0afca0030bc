import pytest
from numpy.testing import assert_allclose

from protonet.errors import ShapeError
from tests.naive.log_softmax import log_softmax
from tests.tools import layer, run


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_agrees_with_numpy(axis, rng):
    x = rng.normal(0, 30, (3, 7, 5))
    _, (y,) = run(layer(f'type: "LogSoftmax" log_softmax_param {{ axis: {axis} }}', x.shape, wants=[False]), x)
    assert_allclose(y.data, log_softmax(x, axis), rtol=1e-4, atol=1e-4)


def test_two_by_hand():
    it = layer('type: "LogSoftmax"', (2, 2), wants=[False])
    assert_allclose(run(it, [[0, 0], [0, 1000]])[1][0].data, [[-0.6931472] * 2, [-46.0517, 0]], rtol=1e-5)


def test_an_axis_that_is_not_there_is_refused():
    with pytest.raises(ShapeError, match="axis 1 is out of range"):
        layer('type: "LogSoftmax"', (2,))
