import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.errors import ShapeError
from tests.naive.softmax import softmax
from tests.tools import check_gradient, layer, run

SHAPE = (2, 3, 4, 5)


@pytest.mark.parametrize("axis", [0, 1, 2, 3, -1])
def test_agrees_with_numpy(axis, rng):
    x = 3 * rng.normal(size=SHAPE)
    _, (y,) = run(layer(f'type: "Softmax" softmax_param {{ axis: {axis} }}', SHAPE), x)
    assert_allclose(y.data, softmax(x, axis), rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("shape", [(3, 1000), (1, 3, 35, 31), (2, 1)])
def test_sizes_of_one_and_many_tasks(shape, rng):
    x = rng.normal(size=shape)
    _, (y,) = run(layer('type: "Softmax"', shape), x)
    assert_allclose(y.data, softmax(x), rtol=5e-6, atol=1e-7)


def test_large_numbers_do_not_overflow():
    _, (y,) = run(layer('type: "Softmax"', (1, 3)), [[1000, 999, -1000]])
    assert_allclose(y.data, [[1 / (1 + np.exp(-1)), 1 / (1 + np.exp(1)), 0]], rtol=1e-6, atol=1e-30)


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 2)])
def test_nan_is_not_hidden(shape, rng):
    x = rng.normal(size=shape)
    for at in range(3):
        bad = x.copy()
        bad[0, at] = np.nan
        _, (y,) = run(layer('type: "Softmax"', shape), bad)
        assert np.isnan(y.data[0]).all()
        assert np.isfinite(y.data[1]).all()


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize(("axis", "shape"), [(1, (2, 4)), (1, (2, 3, 2)), (0, (3, 2))])
def test_gradient(axis, shape, in_place, rng):
    it = layer(f'type: "Softmax" softmax_param {{ axis: {axis} }}', shape, in_place=in_place)
    check_gradient(it, rng.normal(size=shape), tolerance=2e-3)


def test_an_axis_that_is_not_there_is_refused():
    with pytest.raises(ShapeError, match="axis 2 is out of range"):
        layer('type: "Softmax" softmax_param { axis: 2 }', (2, 3))


@pytest.mark.parametrize("shape", [(2, 0), (2, 0, 3)])
def test_no_classes_are_no_matter(shape):
    it = layer('type: "Softmax"', shape)
    _, (y,) = run(it, np.zeros(shape))
    assert y.data.shape == it.backward(np.zeros(shape))[0].shape == shape
