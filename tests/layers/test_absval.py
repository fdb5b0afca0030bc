import pytest
from numpy.testing import assert_array_equal

from tests.naive.absval import absval
from tests.tools import layer, run

SHAPE = (2, 3, 5, 7)


def test_agrees_with_numpy(rng):
    x = rng.normal(size=SHAPE).astype("f")
    _, (y,) = run(layer('type: "AbsVal"', SHAPE), x)
    assert_array_equal(y.data, absval(x))


@pytest.mark.parametrize("in_place", [False, True])
def test_the_gradient_is_the_sign_which_is_zero_at_zero(in_place):
    it = layer('type: "AbsVal"', (4,), in_place=in_place)
    it.forward([-2, -0.0, 0, 3])
    assert_array_equal(it.backward(2.0)[0], [-2, 0, 0, 2])
