import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import DataError, ShapeError
from tests.layers.test_roi_pooling import regions
from tests.naive.psroi_pooling import psroi_pooling
from tests.tools import check_gradient, layer, run

SHAPE = (2, 12, 9, 11)


def made(rois, text="output_dim: 3 group_size: 2 spatial_scale: 0.25", shape=SHAPE):
    return layer(f'type: "PSROIPooling" psroi_pooling_param {{ {text} }}', shape, (rois, 5))


def test_agrees_with_one_bin_at_a_time(rng):
    x, rois = rng.normal(size=SHAPE), regions(rng, 40)
    _, (y,) = run(made(40), x, rois)
    assert_allclose(y.data, psroi_pooling(x, rois, 3, 2, 0.25), rtol=1e-5, atol=1e-6)


def test_each_bin_reads_its_own_channel():
    x = np.arange(4.0).reshape(1, 4, 1, 1) * np.ones((1, 4, 4, 4))
    x[0, 3, 3, 3] = 11
    _, (y,) = run(made(1, "output_dim: 1 group_size: 2 spatial_scale: 1", (1, 4, 4, 4)), x, [[0, 0, 0, 3, 3]])
    assert_array_equal(y.data[0, 0], [[0, 1], [2, 5]])  # (3 + 3 + 3 + 11) / 4


def test_gradient(rng):
    check_gradient(made(5, shape=(2, 12, 5, 4)), rng.normal(size=(2, 12, 5, 4)), regions(rng, 5) / 2)


def test_a_region_of_no_image_is_told(rng):
    with pytest.raises(DataError, match="region 0 is of image 7, but the batch has 2"):
        made(1).forward(rng.normal(size=SHAPE), [[7, 0, 0, 1, 1]])


@pytest.mark.parametrize("far", [1e30, -1e30, np.inf, -np.inf, np.nan])
def test_a_scale_or_a_region_beyond_all_numbers_is_a_region_outside(far):
    """What no int holds is clipped before it is made one: nothing is read there."""
    x, rois = np.ones(SHAPE), [[0, far, 1, 2, far], [1, 3, far, far, 4]]
    for text in "spatial_scale: 0.25", "spatial_scale: 1e30":
        it = made(2, f"output_dim: 3 group_size: 2 {text}")
        _, (y,) = run(it, x, rois)
        assert ((y.data == 0) | (y.data == 1)).all()
        assert np.isfinite(it.backward(np.ones((2, 3, 2, 2)))[0]).all()


def test_other_channels_are_refused():
    with pytest.raises(ShapeError, match="expected 12 channels, output_dim 3 x group_size 2 x 2; found 13"):
        made(1, shape=(2, 13, 9, 11))
