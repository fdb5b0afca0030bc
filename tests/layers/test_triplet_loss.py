import pytest
from numpy.testing import assert_allclose

from protonet.errors import NetError, ShapeError
from tests.naive.triplet_loss import triplet_loss
from tests.tools import check_gradient, layer, run


def test_agrees_with_numpy(rng):
    xs = rng.normal(size=(3, 7, 5, 1, 1))
    it = layer('type: "TripletLoss" triplet_loss_param { margin: 0.4 }', *[(7, 5, 1, 1)] * 3)
    assert_allclose(run(it, *xs)[1][0].data, triplet_loss(*xs, 0.4), rtol=1e-5)


def test_two_triplets_by_hand():
    it = layer('type: "TripletLoss"', *[(2, 1)] * 3)
    _, (loss,) = run(it, [[0], [0]], [[2], [1]], [[1], [3]])  # 1 + 4 - 1 = 4, and 1 + 1 - 9 < 0
    assert_allclose(loss.data, 4 / 2 / 2)
    da, dp, dn = it.backward(1)
    assert_allclose([da[:, 0], dp[:, 0], dn[:, 0]], [[(1 - 2) / 2, 0], [2 / 2, 0], [-1 / 2, 0]])


def test_gradient(rng):
    check_gradient(layer('type: "TripletLoss"', *[(3, 4)] * 3), *rng.normal(size=(3, 3, 4)))


def test_other_dialects_are_refused():
    with pytest.raises(NetError, match="takes 3 bottoms, found 2"):
        layer('type: "TripletLoss"', (2, 3), (2,))
    with pytest.raises(ShapeError, match="must have one shape"):
        layer('type: "TripletLoss"', (2, 3), (2, 3), (2, 4))
