import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import NetError, ShapeError
from tests.layers.examples import apart
from tests.naive.l1_loss import l1_loss
from tests.tools import check_gradient, layer, run


def test_agrees_with_numpy(rng):
    a, b = rng.normal(size=(2, 5, 3, 70, 41))
    _, (loss,) = run(layer('type: "L1Loss"', a.shape, b.shape), a, b)
    assert_allclose(loss.data, l1_loss(a, b), rtol=1e-5)


def test_two_images_by_hand():
    it = layer('type: "L1Loss"', (2, 2), (2, 2))
    _, (loss,) = run(it, [[1, 2], [3, 4]], [[0, 4], [3, 8]])
    assert loss.data == 3.5
    assert_array_equal(it.backward(2)[0], [[1, -1], [0, -1]])


def test_gradient(rng):
    check_gradient(layer('type: "L1Loss"', *[(3, 4)] * 2), *apart(rng, [(3, 4)] * 2))


def test_other_sizes_are_refused():
    with pytest.raises(ShapeError, match="the bottoms must have as many numbers for each image"):
        layer('type: "L1Loss"', (2, 3), (2, 4))


def test_flownets_words_are_refused():
    with pytest.raises(NetError, match="l2_per_location is a fork's"):
        layer('type: "L1Loss" l1_loss_param { l2_per_location: true }', (2, 3), (2, 3))
