import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import NetError, ShapeError
from tests.naive.spatial_transformer import spatial_transformer
from tests.tools import check_gradient, layer, run

SAME = [1, 0, 0, 0, 1, 0]


@pytest.mark.parametrize("size", [None, (3, 7)])
def test_agrees_with_the_twin(size, rng):
    x, theta = rng.normal(size=(2, 3, 4, 5)), (SAME + rng.normal(size=(2, 6)) * 0.4).astype(np.float32)
    text = f"st_param {{ output_H: {size[0]} output_W: {size[1]} }}" if size else ""
    _, (y,) = run(layer(f'type: "SpatialTransformer" {text}', x.shape, theta.shape), x, theta)
    assert_allclose(y.data, spatial_transformer(x, theta, *(size or (4, 5))), rtol=1e-3, atol=1e-4)


def test_numbers_that_are_fixed(rng):
    x, theta = rng.normal(size=(2, 1, 4, 5)), rng.normal(size=(2, 2)).astype(np.float32) * 0.3
    text = "st_param { theta_1_1: 0.5 theta_1_2: 0 theta_2_1: 0 theta_2_2: 0.8 }"
    _, (y,) = run(layer(f'type: "SpatialTransformer" {text}', x.shape, theta.shape), x, theta)
    full = np.array([[0.5, 0, a, 0, 0.8, b] for a, b in theta])
    assert_allclose(y.data, spatial_transformer(x, full, 4, 5), rtol=1e-3, atol=1e-4)


def test_the_same_and_one_row_on_by_hand():
    x = [[[[1, 2], [3, 4]]]]
    it = layer('type: "SpatialTransformer"', (1, 1, 2, 2), (1, 6))
    assert_array_equal(run(it, x, [SAME])[1][0].data, x)
    assert_array_equal(run(it, x, [[1, 0, 1, 0, 1, 0]])[1][0].data, [[[[3, 4], [0, 0]]]])  # the first row is for rows


def test_places_of_nonsense_are_outside():
    it = layer('type: "SpatialTransformer"', (1, 1, 2, 2), (1, 6))
    for wrong in np.nan, np.inf, -1e30:
        assert_array_equal(run(it, [[[[1, 2], [3, 4]]]], [[0, 0, wrong, 0, 0, 0]])[1][0].data, 0)


@pytest.mark.parametrize("fixed", ["", "theta_2_2: 0.55"])
def test_gradient(fixed, rng):
    theta = np.array([[0.51, 0.03, 0.07, 0.02, 0.55, 0.04]]) + rng.normal(size=(2, 1)) * 0.01
    theta = theta if not fixed else np.delete(theta, 4, 1)
    it = layer(f'type: "SpatialTransformer" st_param {{ {fixed} }}', (2, 2, 3, 3), theta.shape)
    check_gradient(it, rng.normal(size=(2, 2, 3, 3)), theta, step=1e-3)


def test_maps_may_learn_nothing():
    it = layer('type: "SpatialTransformer" st_param { to_compute_dU: false }', (1, 1, 2, 2), (1, 6))
    assert it.bottoms[0].diff is None


def test_what_the_fork_has_not_is_refused():
    with pytest.raises(ShapeError, match=r"expected theta of shape \(1, 5\), as 1 of 6 are fixed"):
        layer('type: "SpatialTransformer" st_param { theta_1_2: 0 }', (1, 1, 2, 2), (1, 6))
    with pytest.raises(NetError, match="transform_type is 'affine'"):
        layer('type: "SpatialTransformer" st_param { transform_type: "tps" }', (1, 1, 2, 2), (1, 6))
