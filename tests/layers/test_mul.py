import pytest
from numpy.testing import assert_allclose

from protonet.errors import ShapeError
from tests.naive.mul import mul
from tests.tools import check_gradient, layer, run

SHAPES = [((2, 3, 4), (2, 3, 4)), ((2, 3, 4, 5), (2, 3, 1, 1)), ((2, 3, 1), (2, 3, 4)), ((1, 3, 4), (1, 1, 1))]


@pytest.mark.parametrize(("a", "b"), SHAPES)
def test_agrees_with_numpy(a, b, rng):
    xs = rng.normal(size=a), rng.normal(size=b)
    _, (y,) = run(layer('type: "Mul"', a, b), *xs)
    assert_allclose(y.data, mul(*xs), rtol=1e-5)


def test_two_planes_by_hand():
    _, (y,) = run(layer('type: "Mul"', (1, 2, 2), (1, 2, 1)), [[[1, 2], [3, 4]]], [[[10], [100]]])
    assert_allclose(y.data, [[[10, 20], [300, 400]]])


@pytest.mark.parametrize(("a", "b"), SHAPES)
def test_gradient(a, b, rng):
    check_gradient(layer('type: "Mul"', a, b), rng.normal(size=a), rng.normal(size=b))


def test_what_cannot_be_spread_is_refused():
    with pytest.raises(ShapeError, match=r"cannot spread \(2, 1, 4\) over \(2, 3, 4\): axes of size 1 must follow"):
        layer('type: "Mul"', (2, 3, 4), (2, 1, 4))
