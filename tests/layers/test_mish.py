import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.naive.mish import mish
from tests.tools import check_gradient, layer, run


def test_agrees_with_numpy():
    x = np.linspace(-30, 30, 4001)
    _, (y,) = run(layer('type: "Mish"', x.shape), x)
    assert_allclose(y.data, mish(x), rtol=2e-6, atol=1e-7)


def test_by_hand():
    _, (y,) = run(layer('type: "Mish"', (3,)), [0, 1, -1])
    assert_allclose(y.data, [0, 0.8650984, -0.3034015], rtol=1e-6)


def test_large_numbers_do_not_overflow():
    it = layer('type: "Mish"', (4,))
    assert_allclose(it.forward([-1e30, -1e3, 1e3, 1e30])[0], [0, 0, 1e3, 1e30], rtol=1e-6, atol=1e-30)
    assert_allclose(it.backward(np.ones(4))[0], [0, 0, 1, 1])


@pytest.mark.parametrize("in_place", [False, True])
def test_gradient(in_place, rng):
    check_gradient(layer('type: "Mish"', (3, 7), in_place=in_place), rng.normal(0, 2, (3, 7)))
