import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from tests.naive.sigmoid import sigmoid
from tests.tools import check_gradient, layer, run


def test_agrees_with_numpy(rng):
    x = np.concatenate([5 * rng.normal(size=500), np.linspace(-80, 80, 300)]).astype("f")
    _, (y,) = run(layer('type: "Sigmoid"', x.shape), x)
    assert_allclose(y.data, sigmoid(x.astype("d")), rtol=1e-6)


def test_it_reaches_its_bounds():
    _, (y,) = run(layer('type: "Sigmoid"', (5,)), [-200, 200, -np.inf, np.inf, np.nan])
    assert_array_equal(y.data, [0, 1, 0, 1, np.nan])


def test_gradient_in_place(rng):
    check_gradient(layer('type: "Sigmoid"', (3, 4), in_place=True), rng.normal(size=(3, 4)))
