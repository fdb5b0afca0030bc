import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.naive.relu import relu
from tests.tools import check_gradient, layer, run

SHAPE = (2, 3, 5, 7)


@pytest.mark.parametrize("slope", [0, 0.1, -0.5])
def test_agrees_with_numpy(slope, rng):
    x = rng.normal(size=SHAPE).astype("f")
    _, (y,) = run(layer(f'type: "ReLU" relu_param {{ negative_slope: {slope} }}', SHAPE), x)
    assert_allclose(y.data, relu(x, slope), rtol=1e-6)


def test_minus_infinity_gives_zero_and_nan_stays():
    _, (y,) = run(layer('type: "ReLU"', (1, 4)), [[-np.inf, np.inf, np.nan, -0.0]])
    assert_array_equal(y.data, [[0, np.inf, np.nan, 0]])


def test_a_leaky_one_keeps_infinities():
    _, (y,) = run(layer('type: "ReLU" relu_param { negative_slope: 0.5 }', (1, 3)), [[-np.inf, np.inf, np.nan]])
    assert_array_equal(y.data, [[-np.inf, np.inf, np.nan]])


def test_relu6_bounds_it():
    it = layer('type: "ReLU" relu_param { relu6: true }', (4,), in_place=True)
    assert_array_equal(it.forward([-1, 3, 6, 9])[0], [0, 3, 6, 6])
    assert_array_equal(it.backward(2.0)[0], [0, 2, 0, 0])


@pytest.mark.parametrize("slope", [0, 0.25])
def test_the_gradient_at_zero_is_that_of_the_negative_side(slope):
    it = layer(f'type: "ReLU" relu_param {{ negative_slope: {slope} }}', (1, 3))
    run(it, [[-1, 0, 1]])
    assert_array_equal(it.backward(2.0)[0], [[2 * slope, 2 * slope, 2]])


def test_a_slope_that_is_no_number_shows():
    it = layer('type: "ReLU" relu_param { negative_slope: nan }', (1, 3))
    _, (y,) = run(it, [[-1, 0, 1]])
    assert_array_equal(y.data, [[np.nan] * 3])  # 1 as well: it has nan * 0 added
    assert_array_equal(it.backward(2.0)[0], [[np.nan, np.nan, 2]])


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("slope", [0, 0.1, -0.5])
def test_gradient(slope, in_place, rng):
    x = rng.normal(size=(2, 3, 4))
    x[abs(x) < 0.05] = 0.5  # away from the bend
    check_gradient(layer(f'type: "ReLU" relu_param {{ negative_slope: {slope} }}', x.shape, in_place=in_place), x)
