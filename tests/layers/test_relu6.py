import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.naive.relu6 import relu6
from tests.tools import layer, run


@pytest.mark.parametrize(("text", "numbers"), [("", {}), ("n: 2 negative_slope: 0.1", {"n": 2, "slope": 0.1})])
def test_agrees_with_numpy(text, numbers, rng):
    x = 4 * rng.normal(size=(2, 3, 5, 7)).astype("f")
    _, (y,) = run(layer(f'type: "ReLU6" relu6_param {{ {text} }}', x.shape), x)
    assert_allclose(y.data, relu6(x, **numbers), rtol=1e-6)


def test_infinities_are_bounded_and_nan_stays():
    _, (y,) = run(layer('type: "ReLU6"', (3,)), [-np.inf, np.inf, np.nan])
    assert_array_equal(y.data, [0, 6, np.nan])


@pytest.mark.parametrize("in_place", [False, True])
def test_the_gradient_passes_between_the_bounds(in_place):
    it = layer('type: "ReLU6" relu6_param { negative_slope: 0.5 }', (5,), in_place=in_place)
    it.forward([-1, 0, 3, 6, 7])
    assert_array_equal(it.backward(2.0)[0], [1, 1, 2, 0, 0])
