import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import NetError, ShapeError
from protonet.layers import TEST
from tests.naive.spatial_dropout import spatial_dropout
from tests.tools import layer, run

SHAPE = (40, 50, 3, 2)


def made(text="spatial_dropout_param { dropout_ratio: 0.3 }", **options):
    return layer(f'type: "SpatialDropout" {text}', SHAPE, **options)


@pytest.mark.parametrize("in_place", [False, True])
def test_a_plane_is_dropped_or_grows_as_a_whole(in_place, rng):
    it, x = made(in_place=in_place), rng.uniform(1, 2, SHAPE).astype("f")
    _, (y,) = run(it, x)
    mask = y.data[:, :, 0, 0] != 0
    assert_allclose(y.data, spatial_dropout(x, mask, 0.3), rtol=1e-6)
    assert 0.65 < mask.mean() < 0.75


def test_the_gradient_goes_where_numbers_went(rng):
    it = made()
    y = it.forward(np.ones(SHAPE))[0].copy()
    assert_array_equal(it.backward(np.ones(SHAPE))[0], y)


def test_each_pass_draws_anew(rng):
    it = made()
    first = it.forward(np.ones(SHAPE))[0].copy()
    assert_array_equal(it.forward(np.ones(SHAPE))[0], first)
    it.random[1] += 1
    assert (it.forward(np.ones(SHAPE))[0] != first).any()


def test_testing_changes_nothing(rng):
    x = rng.normal(size=SHAPE).astype("f")
    it = made(phase=TEST)
    assert_array_equal(it.forward(x)[0], x)
    assert_array_equal(it.backward(x)[0], x)


def test_intels_ratio_stands_in_dropout_param():
    y = made("dropout_param { dropout_ratio: 0.9 }").forward(np.ones(SHAPE))[0]
    assert_allclose(np.unique(y), [0, 10], rtol=1e-5)


def test_two_ratios_are_refused():
    with pytest.raises(NetError, match="give dropout_param or spatial_dropout_param, not both"):
        made("dropout_param { } spatial_dropout_param { }")


def test_dropping_all_is_refused():
    with pytest.raises(NetError, match="dropout_ratio is at least 0 and below 1, found 1"):
        made("spatial_dropout_param { dropout_ratio: 1 }")


def test_a_vector_is_refused():
    with pytest.raises(ShapeError, match=r"expected \(N, C, ...\), found \(3,\)"):
        layer('type: "SpatialDropout"', (3,))
