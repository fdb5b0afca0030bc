import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import DataError, ShapeError
from tests.layers.examples import apart
from tests.naive.roi_pooling import roi_pooling
from tests.tools import check_gradient, layer, run

SHAPE = (2, 3, 9, 11)


def made(rois, text="pooled_h: 3 pooled_w: 2 spatial_scale: 0.25", shape=SHAPE):
    return layer(f'type: "ROIPooling" roi_pooling_param {{ {text} }}', shape, (rois, 5))


def regions(rng, n):
    low = rng.uniform(-8, 40, (n, 2))
    return np.column_stack([rng.integers(0, 2, n), low, low + rng.uniform(-3, 30, (n, 2))])


def test_agrees_with_one_bin_at_a_time(rng):
    x, rois = rng.normal(size=SHAPE), regions(rng, 40)
    _, (y,) = run(made(40), x, rois)
    assert_allclose(y.data, roi_pooling(x, rois, 3, 2, 0.25), rtol=1e-6)


def test_bins_of_three_pixels_in_two_overlap():
    x = np.arange(9.0).reshape(1, 1, 3, 3)
    it = made(1, "pooled_h: 2 pooled_w: 2", (1, 1, 3, 3))
    _, (y,) = run(it, x, [[0, 0, 0, 2, 2]])
    assert_array_equal(y.data[0, 0], [[4, 5], [7, 8]])
    (dx, _) = it.backward(np.ones((1, 1, 2, 2)))
    assert_array_equal(dx[0, 0], [[0, 0, 0], [0, 1, 1], [0, 1, 1]])


def test_ends_are_rounded_to_places_of_the_map():
    x = np.arange(16.0).reshape(1, 1, 4, 4)
    _, (y,) = run(
        made(2, "pooled_h: 1 pooled_w: 1 spatial_scale: 0.5", (1, 1, 4, 4)), x, [[0, 0, 0, 4, 2.9], [0, 0, 0, 5, 3]]
    )
    assert_array_equal(y.data.ravel(), [6, 11])


def test_a_region_outside_the_map_is_0(rng):
    it = made(1)
    _, (y,) = run(it, rng.normal(size=SHAPE), [[1, 400, 400, 500, 500]])
    assert_array_equal(y.data, np.zeros(y.data.shape))
    assert not it.backward(np.ones(y.data.shape))[0].any()


def test_no_region_is_an_empty_top(rng):
    assert made(0).forward(rng.normal(size=SHAPE), np.zeros((0, 5)))[0].shape == (0, 3, 3, 2)


def test_gradient(rng):
    check_gradient(made(6, shape=(2, 2, 5, 4)), *apart(rng, [(2, 2, 5, 4)]), regions(rng, 6) / 2)


@pytest.mark.parametrize("image", [2, -1, np.nan])
def test_a_region_of_no_image_is_told(image, rng):
    said = "nan" if np.isnan(image) else image
    with pytest.raises(DataError, match=f"region 1 is of image {said}, but the batch has 2"):
        made(2).forward(rng.normal(size=SHAPE), [[0, 0, 0, 1, 1], [image, 0, 0, 1, 1]])


@pytest.mark.parametrize("box", [[np.nan] * 4, [-np.inf, -np.inf, np.inf, np.inf], [1e30, 1e30, -1e30, 3e38]])
def test_boxes_that_are_none_touch_nothing_outside(box, rng):
    (y,) = made(1).forward(rng.normal(size=SHAPE), [[1, *box]])
    assert np.isfinite(y).all()


def test_other_rows_are_refused():
    with pytest.raises(ShapeError, match=r"expected regions \(R, 5\): image, x0, y0, x1, y1; found \(4, 4\)"):
        layer('type: "ROIPooling" roi_pooling_param { pooled_h: 3 pooled_w: 2 }', SHAPE, (4, 4))


def test_missing_sizes_are_refused():
    with pytest.raises(ShapeError, match="pooled_h and pooled_w must be at least 1, found 0 and 0"):
        made(1, "")
