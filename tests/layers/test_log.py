import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import NetError
from tests.naive.log import log
from tests.tools import check_gradient, layer, run

CASES = [{}, {"base": 2}, {"base": 2, "scale": 3, "shift": 1}]


def text(case):
    return 'type: "Log" log_param {' + " ".join(f"{k}: {v}" for k, v in case.items()) + "}"


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_numpy(case, rng):
    x = np.exp(5 * rng.normal(size=(2, 3, 5, 7))).astype("f")
    _, (y,) = run(layer(text(case), x.shape), x)
    assert_allclose(y.data, log(x.astype("d"), **case), rtol=1e-6, atol=2e-7)


def test_of_nothing_it_is_minus_infinity_and_of_less_nan():
    _, (y,) = run(layer('type: "Log"', (6,)), [0, -0.0, -1, np.inf, np.nan, 1e-40])
    assert_array_equal(y.data[:5], [-np.inf, -np.inf, np.nan, np.inf, np.nan])
    assert_allclose(y.data[5], np.log(np.float32(1e-40)), rtol=1e-6)


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_gradient(case, in_place, rng):
    check_gradient(layer(text(case), (3, 4), in_place=in_place), rng.uniform(0.5, 2, (3, 4)))


@pytest.mark.parametrize(("base", "says"), [(0, "base is above 0"), (1, "no logarithm to base 1")])
def test_a_base_that_is_none_is_refused(base, says):
    with pytest.raises(NetError, match=says):
        layer(text({"base": base}), (3,))
