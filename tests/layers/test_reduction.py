import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import ShapeError
from tests.naive.reduction import reduction
from tests.tools import check_gradient, layer, run

OPERATIONS = ["SUM", "ASUM", "SUMSQ", "MEAN"]


def text(operation, axis=0, coeff=1):
    return f'type: "Reduction" reduction_param {{ operation: {operation} axis: {axis} coeff: {coeff} }}'


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_agrees_with_numpy(operation, axis, rng):
    x = rng.normal(size=(2, 3, 4)).astype("f")
    _, (y,) = run(layer(text(operation, axis, 0.5), x.shape), x)
    assert y.data.shape == x.shape[: axis % 3]
    assert_allclose(y.data, reduction(x.astype("d"), operation, axis, 0.5), rtol=1e-6, atol=1e-6)


def test_a_long_sum_keeps_its_digits():
    x = [1e8] + [1.0] * 100000
    _, (y,) = run(layer(text("SUM"), (100001,)), x)
    assert y.data == 1e8 + 100000


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_gradient(operation, axis, rng):
    x = rng.normal(size=(3, 4))
    x[abs(x) < 0.05] = 0.5
    check_gradient(layer(text(operation, axis, 0.5), x.shape), x)


def test_the_gradient_of_a_magnitude_is_zero_at_zero():
    it = layer(text("ASUM"), (3,))
    it.forward([-1, 0, 2])
    assert_array_equal(it.backward(3.0)[0], [-3, 0, 3])


def test_an_axis_that_is_not_there_is_refused():
    with pytest.raises(ShapeError, match="axis 4 is out of range"):
        layer(text("SUM", 4), (2, 3, 6, 6))


def test_the_mean_of_nothing_is_not_a_number():
    _, (y,) = run(layer(text("MEAN", 1), (2, 0)), [[], []])
    assert_array_equal(y.data, [float("nan")] * 2)
