import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import ShapeError
from tests.layers.examples import apart
from tests.naive.spp import spp
from tests.tools import check_gradient, layer, run


def made(shape, height, pool="MAX"):
    return layer(f'type: "SPP" spp_param {{ pyramid_height: {height} pool: {pool} }}', shape)


@pytest.mark.parametrize("pool", ["MAX", "AVE"])
@pytest.mark.parametrize(
    ("height", "shape"), [(1, (2, 3, 5, 4)), (2, (2, 3, 6, 5)), (3, (1, 2, 9, 8)), (3, (2, 1, 7, 4))]
)
def test_agrees_with_one_bin_at_a_time(pool, height, shape, rng):
    x = rng.normal(size=shape)
    _, (y,) = run(made(shape, height, pool), x)
    assert_allclose(y.data, spp(x, height, pool == "AVE"), atol=1e-6)


def test_two_levels_by_hand():
    _, (y,) = run(made((1, 1, 2, 4), 2), np.arange(8.0).reshape(1, 1, 2, 4))
    assert_array_equal(y.data, [[7, 1, 3, 5, 7]])


def test_the_size_of_the_top_does_not_depend_on_the_map():
    assert {made((2, 3, H, W), 3).tops[0].data.shape for H, W in [(8, 8), (13, 9), (16, 23)]} == {(2, 63)}


@pytest.mark.parametrize("pool", ["MAX", "AVE"])
@pytest.mark.parametrize("height", [1, 3])
def test_gradient(pool, height, rng):
    shape = (2, 2, 7, 6)
    check_gradient(made(shape, height, pool), *apart(rng, [shape]))


def test_more_bins_than_pixels_are_refused():
    with pytest.raises(ShapeError, match="4 bins do not fit a map of 5 x 3: make pyramid_height smaller"):
        made((1, 1, 5, 3), 3)


def test_a_missing_height_is_refused():
    with pytest.raises(ShapeError, match="pyramid_height must be at least 1, found none or 0"):
        layer('type: "SPP"', (1, 1, 5, 3))
