import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import ShapeError
from tests.naive.mask_pooling import mask_pooling
from tests.tools import check_gradient, layer, run

SHAPES = (2, 3, 4, 5), (2, 1, 4, 5)


def test_agrees_with_one_channel_at_a_time(rng):
    x, mask = (rng.normal(size=shape) for shape in SHAPES)
    _, (y,) = run(layer('type: "MaskPooling"', *SHAPES), x, mask)
    assert_allclose(y.data, mask_pooling(x, mask), rtol=1e-5)


def test_two_channels_by_hand():
    it = layer('type: "MaskPooling"', (1, 2, 1, 2), (1, 1, 1, 2))
    _, (y,) = run(it, [[[[1, 2]], [[3, 4]]]], [[[[0, 10]]]])
    assert_allclose(y.data, [[[[0, 20]], [[0, 40]]]])
    dx, dmask = it.backward(np.ones((1, 2, 1, 2)))
    assert_allclose(dx, [[[[0, 10]], [[0, 10]]]])
    assert_allclose(dmask, [[[[4, 6]]]])


def test_gradient(rng):
    check_gradient(layer('type: "MaskPooling"', *SHAPES), *(rng.normal(size=shape) for shape in SHAPES))


def test_maps_of_no_channels_teach_the_mask_nothing():
    it = layer('type: "MaskPooling"', (2, 0, 2, 2), (2, 1, 2, 2))
    run(it, np.zeros((2, 0, 2, 2)), np.ones((2, 1, 2, 2)))
    it.bottoms[1].diff[...] = 7
    assert_array_equal(it.backward(np.zeros((2, 0, 2, 2)))[1], np.zeros((2, 1, 2, 2)))


def test_a_mask_of_another_size_is_refused():
    with pytest.raises(ShapeError, match=r"expected a mask \(2, 1, 4, 5\), as large as the maps \(2, 3, 4, 5\), found"):
        layer('type: "MaskPooling"', SHAPES[0], (2, 1, 5, 4))
