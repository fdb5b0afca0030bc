import numpy as np
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


@pytest.mark.parametrize("shape", [(9, 3), (5, 300), (3, 40, 600)])
def test_rows_four_at_once_and_one_and_columns_of_two_tasks(shape, rng):
    x = rng.normal(0, 30, shape)
    _, (y,) = run(layer('type: "LogSoftmax"', x.shape, wants=[False]), x)
    assert_allclose(y.data, log_softmax(x, 1), rtol=1e-4, atol=1e-4)


def test_nan_stays_in_its_row():
    x = np.zeros((5, 3), np.float32)
    x[2, 1] = np.nan
    _, (y,) = run(layer('type: "LogSoftmax"', x.shape, wants=[False]), x)
    assert np.isnan(y.data[2]).all()
    assert not np.isnan(np.delete(y.data, 2, axis=0)).any()


def test_two_by_hand():
    it = layer('type: "LogSoftmax"', (2, 2), wants=[False])
    assert_allclose(run(it, [[0, 0], [0, 1000]])[1][0].data, [[-0.6931472] * 2, [-46.0517, 0]], rtol=1e-5)


def test_an_axis_that_is_not_there_is_refused():
    with pytest.raises(ShapeError, match="axis 1 is out of range"):
        layer('type: "LogSoftmax"', (2,))
