import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import DataError, ShapeError
from tests.layers.examples import apart
from tests.naive.roi_warping import roi_warping
from tests.tools import check_gradient, layer, run

SHAPE = (2, 3, 9, 11)


def made(rois, text="pooled_h: 3 pooled_w: 2 spatial_scale: 0.25", shape=SHAPE):
    return layer(f'type: "ROIWarping" roi_warping_param {{ {text} }}', shape, (rois, 5))


def regions(rng, n):
    low = rng.uniform(-8, 40, (n, 2))
    return np.column_stack([rng.integers(0, 2, n), low, low + rng.uniform(-3, 30, (n, 2))])


def test_agrees_with_one_place_at_a_time(rng):
    x, rois = rng.normal(size=SHAPE), regions(rng, 40)
    _, (y,) = run(made(40), x, rois)
    assert_allclose(y.data, roi_warping(x, rois, 3, 2, 0.25), rtol=1e-4, atol=1e-5)


def test_a_bin_of_a_pixel_and_a_half_by_hand():
    """Rows 0 to 3 in two bins of 1.5: each is read at its ends and its middle."""
    x = np.array([[0.0], [4], [2], [1]]).reshape(1, 1, 4, 1)
    _, (y,) = run(made(1, "pooled_h: 2 pooled_w: 1", (1, 1, 4, 1)), x, [[0, 0, 0, 0, 3]])
    assert_allclose(y.data.ravel(), [3, 3])  # 0, 0.75, 1.5 give 0, 3, 3; 1.5, 2.25, 3 give 3, 1.75, 1


def test_a_region_outside_the_map_is_0(rng):
    it = made(1)
    _, (y,) = run(it, rng.normal(size=SHAPE), [[1, 400, 400, 500, 500]])
    assert_array_equal(y.data, np.zeros(y.data.shape))
    assert not it.backward(np.ones(y.data.shape))[0].any()


def test_gradient(rng):
    check_gradient(made(6, shape=(2, 2, 5, 4)), *apart(rng, [(2, 2, 5, 4)]), regions(rng, 6) / 2)


def test_no_region_is_an_empty_top(rng):
    assert made(0).forward(rng.normal(size=SHAPE), np.zeros((0, 5)))[0].shape == (0, 3, 3, 2)


@pytest.mark.parametrize("box", [[np.nan] * 4, [-np.inf, -np.inf, np.inf, np.inf], [1e30, 1e30, -1e30, 3e38]])
def test_boxes_that_are_none_touch_nothing_outside(box, rng):
    (y,) = made(1).forward(rng.normal(size=SHAPE), [[1, *box]])
    assert np.isfinite(y).all()


def test_refusals(rng):
    with pytest.raises(DataError, match="region 0 is of image 2, but the batch has 2"):
        made(1).forward(rng.normal(size=SHAPE), [[2, 0, 0, 1, 1]])
    with pytest.raises(ShapeError, match="pooled_h and pooled_w must be at least 1, found 0 and 0"):
        made(1, "")


@pytest.mark.parametrize("size", [(0, 4), (4, 0)])
def test_maps_of_no_pixels_give_nothing(size):
    """Also at half a pixel before the first, which belongs to it where there is one."""
    it = layer('type: "ROIWarping" roi_warping_param { pooled_h: 2 pooled_w: 2 }', (1, 2, *size), (1, 5))
    (y,) = it.forward(np.zeros((1, 2, *size)), [[0, -1, -1, 0, 0]])
    assert_array_equal(y, np.zeros((1, 2, 2, 2)))
