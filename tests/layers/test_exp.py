import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import NetError
from tests.naive.exp import exp
from tests.tools import check_gradient, layer, run

CASES = [{}, {"base": 2, "scale": 0.5, "shift": 0.3}, {"scale": -0.5, "shift": -0.3}, {"base": 0.5}]


def text(case):
    return 'type: "Exp" exp_param {' + " ".join(f"{k}: {v}" for k, v in case.items()) + "}"


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_numpy(case, rng):
    x = 3 * rng.normal(size=(2, 3, 5, 7)).astype("f")
    _, (y,) = run(layer(text(case), x.shape), x)
    assert_allclose(y.data, exp(x.astype("d"), **case), rtol=2e-6)


def test_it_reaches_zero_and_infinity():
    _, (y,) = run(layer('type: "Exp"', (5,)), [-200, 200, -np.inf, np.inf, np.nan])
    assert_array_equal(y.data, [0, np.inf, 0, np.inf, np.nan])


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("case", CASES[:2])
def test_gradient(case, in_place, rng):
    check_gradient(layer(text(case), (3, 4), in_place=in_place), rng.normal(size=(3, 4)))


def test_a_base_below_zero_is_refused():
    with pytest.raises(NetError, match="base is above 0, or -1 for e, found -2"):
        layer(text({"base": -2}), (3,))


def test_a_shift_that_no_float_holds_gives_infinity():
    _, (y,) = run(layer('type: "Exp" exp_param { base: 2 shift: 1e30 }', (2, 3)), np.ones((2, 3), np.float32))
    assert np.isposinf(y.data).all()
