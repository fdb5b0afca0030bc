import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from tests.naive.bnll import bnll
from tests.tools import check_gradient, layer, run


def test_agrees_with_numpy_also_where_nothing_but_small_digits_are_left(rng):
    x = np.concatenate([5 * rng.normal(size=500), np.linspace(-100, 100, 300)]).astype("f")
    _, (y,) = run(layer('type: "BNLL"', x.shape), x)
    assert_allclose(y.data, bnll(x.astype("d")), rtol=1e-6, atol=1e-38)


def test_infinities_and_nan_are_kept():
    _, (y,) = run(layer('type: "BNLL"', (3,)), [-np.inf, np.inf, np.nan])
    assert_array_equal(y.data, [0, np.inf, np.nan])


def test_gradient_in_place(rng):
    check_gradient(layer('type: "BNLL"', (3, 4), in_place=True), rng.normal(size=(3, 4)))
