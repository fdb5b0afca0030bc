import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.naive.power import power
from tests.tools import check_gradient, layer, run

CASES = [
    {},
    {"scale": 2, "shift": 0.5},
    {"power": 2, "scale": 1.5, "shift": -0.5},
    {"power": 3},
    {"power": 0.5, "scale": 2, "shift": 1},
    {"power": 1.7},
    {"power": -1},
]


def text(case):
    return 'type: "Power" power_param {' + " ".join(f"{k}: {v}" for k, v in case.items()) + "}"


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_numpy(case, rng):
    x = rng.uniform(0.5, 3, (2, 3, 5, 7)).astype("f")
    _, (y,) = run(layer(text(case), x.shape), x)
    assert_allclose(y.data, power(x.astype("d"), **case), rtol=1e-6)


@pytest.mark.parametrize(
    ("case", "value"),
    [
        ({"power": 0}, 1),
        ({"scale": 0, "shift": 3, "power": 2}, 9),
        ({"scale": 0, "power": -1}, np.inf),
        ({"scale": 0, "shift": -1, "power": 0.5}, np.nan),
    ],
)
def test_what_does_not_depend_on_x_is_constant(case, value):
    it = layer(text(case), (3,))
    assert_array_equal(it.forward([np.nan, 0, 7])[0], [value] * 3)
    assert_array_equal(it.backward(1.0)[0], [0, 0, 0])


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_gradient(case, in_place, rng):
    check_gradient(layer(text(case), (3, 4), in_place=in_place), rng.uniform(0.5, 2, (3, 4)))
