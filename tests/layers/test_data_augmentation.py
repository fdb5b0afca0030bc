import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import NetError, ShapeError
from protonet.layers import TEST
from tests.naive.data_augmentation import data_augmentation
from tests.tools import layer, run

SHAPE = (2, 3, 4, 5)


def made(text, shape=SHAPE, **options):
    return layer(f'type: "DataAugmentation" augmentation_param {{ {text} }}', shape, wants=[False], **options)


@pytest.mark.parametrize("per_pixel", [True, False])
def test_agrees_with_numpy(per_pixel, rng):
    batches = rng.normal(size=(4, *SHAPE))
    it = made(f"recompute_mean: 3 mean_per_pixel: {str(per_pixel).lower()} crop_width: 5 crop_height: 4")
    for x, expected in zip(batches, data_augmentation(batches, 3, per_pixel), strict=True):
        assert_allclose(it.forward(x)[0], expected, rtol=1e-4, atol=1e-5)
    assert [blob.data.shape for blob in it.blobs] == [(1, 1, 1, 1), (1, 3, 4, 5), (1, 3, 1, 1)]
    assert it.blobs[0].data == 4


def test_in_test_the_mean_is_taken_as_it_is():
    it = made("recompute_mean: 9 mean_per_pixel: false augment_during_test: true", (1, 2, 1, 1), phase=TEST)
    it.blobs[2].data[...] = [[[[10]], [[20]]]]
    assert_array_equal(it.forward([[[[11]], [[22]]]])[0], [[[[1]], [[2]]]])
    assert it.blobs[0].data == 0


def test_a_mean_that_is_told_by_hand():
    _, (y,) = run(made("mean: 1 mean: 2 mean: 3 mean_per_pixel: false", (1, 3, 1, 1)), [[[[5]], [[5]], [[5]]]])
    assert_array_equal(y.data.ravel(), [4, 3, 2])


def test_nothing_asked_is_a_copy(rng):
    x = rng.normal(size=SHAPE).astype(np.float32)
    assert_array_equal(made("").forward(x)[0], x)


def test_what_is_not_done_is_refused():
    with pytest.raises(NetError, match="mirror changes images at random"):
        made("mirror { prob: 0.5 }")
    with pytest.raises(NetError, match="write_mean is a fork's"):
        made('write_mean: "m"')
    with pytest.raises(ShapeError, match="images are not cropped here: crop_height 3 and crop_width 5"):
        made("crop_width: 5 crop_height: 3")
    with pytest.raises(ShapeError, match="three means are for three channels"):
        made("mean: 1 mean: 2 mean: 3 mean_per_pixel: false", (1, 2, 1, 1))
