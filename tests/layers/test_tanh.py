import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from tests.naive.tanh import tanh
from tests.tools import check_gradient, layer, run


def test_agrees_with_numpy_also_near_zero(rng):
    x = np.concatenate([3 * rng.normal(size=500), 1e-4 * rng.normal(size=500), np.linspace(-20, 20, 99)]).astype("f")
    _, (y,) = run(layer('type: "TanH"', x.shape), x)
    assert_allclose(y.data, tanh(x.astype("d")), rtol=5e-7)


def test_it_reaches_its_bounds():
    _, (y,) = run(layer('type: "TanH"', (5,)), [-200, 200, -np.inf, np.inf, np.nan])
    assert_array_equal(y.data, [-1, 1, -1, 1, np.nan])


def test_gradient_in_place(rng):
    check_gradient(layer('type: "TanH"', (3, 4), in_place=True), rng.normal(size=(3, 4)))
