import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.errors import ShapeError
from tests.naive.axpy import axpy
from tests.tools import check_gradient, layer, run


@pytest.mark.parametrize(("a", "x"), [((2, 3, 1, 1), (2, 3, 4, 5)), ((2, 3), (2, 3, 7)), ((4, 3), (4, 3))])
def test_agrees_with_numpy(a, x, rng):
    xs = rng.normal(size=a), *rng.normal(size=(2, *x))
    _, (y,) = run(layer('type: "Axpy"', a, x, x), *xs)
    assert_allclose(y.data, axpy(*xs), rtol=1e-5, atol=1e-6)


def test_two_planes_by_hand():
    _, (y,) = run(
        layer('type: "Axpy"', (1, 2), (1, 2, 2), (1, 2, 2)), [[2, 3]], [[[1, 2], [3, 4]]], [[[10, 20], [30, 40]]]
    )
    assert_allclose(y.data, [[[12, 24], [39, 52]]])


def test_gradient(rng):
    check_gradient(
        layer('type: "Axpy"', (2, 3, 1, 1), *[(2, 3, 2, 2)] * 2),
        rng.normal(size=(2, 3, 1, 1)),
        *rng.normal(size=(2, 2, 3, 2, 2)),
    )


def test_factors_for_other_planes_are_refused():
    with pytest.raises(ShapeError, match=r"expected one factor for each plane, shape \(2, 3\), found \(2, 4\)"):
        layer('type: "Axpy"', (2, 4), (2, 3, 2), (2, 3, 2))


def test_two_shapes_are_refused():
    with pytest.raises(ShapeError, match="expected x and z of one shape"):
        layer('type: "Axpy"', (2, 3), (2, 3, 2), (2, 3, 3))


def test_nothing_in_nothing_out():
    assert np.prod(layer('type: "Axpy"', (0, 3), (0, 3, 2), (0, 3, 2)).tops[0].data.shape) == 0
