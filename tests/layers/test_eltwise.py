import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import NetError, ShapeError
from tests.naive.eltwise import eltwise
from tests.tools import check_gradient, layer, run

SHAPE = (2, 3, 4)


def text(operation, more=""):
    return f'type: "Eltwise" eltwise_param {{ operation: {operation} {more} }}'


@pytest.mark.parametrize("n", [2, 3, 4])
@pytest.mark.parametrize("operation", ["SUM", "PROD", "MAX"])
def test_agrees_with_numpy(operation, n, rng):
    xs = rng.normal(size=(n, *SHAPE)).astype("f")
    _, (y,) = run(layer(text(operation), *[SHAPE] * n), *xs)
    assert_allclose(y.data, eltwise(xs, operation), rtol=1e-5, atol=1e-6)


def test_a_sum_may_be_weighted(rng):
    xs, coeff = rng.normal(size=(3, *SHAPE)), [0.5, -2, 3]
    _, (y,) = run(layer(text("SUM", "coeff: 0.5 coeff: -2 coeff: 3"), *[SHAPE] * 3), *xs)
    assert_allclose(y.data, eltwise(xs, "SUM", coeff), rtol=1e-5, atol=1e-5)


def test_a_maximum_passes_its_gradient_to_one_bottom():
    it = layer(text("MAX"), (4,), (4,), (4,))
    it.forward([1, 5, 2, 7], [1, 4, 3, 7], [1, 3, 3, 8])
    assert_array_equal(it.backward(1.0), [[0, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 1]])


@pytest.mark.parametrize("wants", [[False] * 2, [True] * 2])
def test_a_maximum_shows_nan(wants):
    it = layer(text("MAX"), (3,), (3,), wants=wants)
    assert_array_equal(it.forward([np.nan, 0, 1], [0, np.nan, 2])[0], [np.nan, np.nan, 2])


def test_the_gradient_of_a_product_survives_zeros():
    it = layer(text("PROD"), (3,), (3,), (3,))
    it.forward([0, 2, 3], [4, 0, 5], [6, 7, 8])
    assert_array_equal(it.backward(1.0), [[24, 0, 40], [0, 14, 24], [0, 0, 15]])


def test_the_unstable_gradient_of_a_product_does_not():
    it = layer(text("PROD", "stable_prod_grad: false"), (2,), (2,))
    it.forward([0, 2], [4, 3])
    assert_array_equal(it.backward(1.0), [[np.nan, 3], [0, 2]])


@pytest.mark.parametrize("more", ["PROD", "PROD stable_prod_grad: false", "SUM", "SUM coeff: 1 coeff: -2 coeff: 3"])
def test_gradient(more, rng):
    check_gradient(layer(text(more), *[(2, 5)] * 3), *rng.uniform(0.5, 1.5, (3, 2, 5)))


@pytest.mark.parametrize("more", ["PROD", "PROD stable_prod_grad: false"])
def test_gradient_of_a_product_in_place(more, rng):
    check_gradient(layer(text(more), *[(2, 5)] * 3, in_place=True), *rng.uniform(0.5, 1.5, (3, 2, 5)))


def test_a_sum_in_place_lacks_the_first_bottom_as_in_caffe_and_says_so(caplog):
    it = layer(text("SUM", "coeff: 1 coeff: 2 coeff: 3"), (2,), (2,), (2,), in_place=True)
    assert "a sum in place lacks bottom 'x0', as in Caffe" in caplog.text
    assert_array_equal(it.forward([7, np.nan], [1, 2], [3, 4])[0], [11, 16])
    assert_array_equal(it.backward(1.0), [[1, 1], [2, 2], [3, 3]])


@pytest.mark.parametrize("in_place", [False, True])
def test_gradient_of_a_maximum(in_place, rng):
    xs = rng.permutation(30).reshape(3, 2, 5)  # no ties
    check_gradient(layer(text("MAX"), *[(2, 5)] * 3, in_place=in_place), *xs)


def test_other_shapes_are_refused():
    with pytest.raises(ShapeError, match=r"one shape: bottom 0 has \(2, 3\), bottom 1 has \(3, 2\)"):
        layer(text("SUM"), (2, 3), (3, 2))


@pytest.mark.parametrize(
    ("text_", "says"),
    [
        ("operation: DIV", "DIV and MIN are a fork's"),
        ("coeff: 1", "found 1 for 2 bottoms"),
        ("operation: PROD coeff: 1 coeff: 1", "SUM alone"),
    ],
)
def test_wrong_coefficients_are_refused(text_, says):
    with pytest.raises(NetError, match=says):
        layer(f'type: "Eltwise" eltwise_param {{ {text_} }}', (2,), (2,))


def test_one_bottom_is_refused():
    with pytest.raises(NetError, match="takes at least 2 bottoms, found 1"):
        layer('type: "Eltwise"', (2,))
