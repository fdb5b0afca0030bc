import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import NetError, ShapeError
from tests.naive.sigmoid_cross_entropy_loss import sigmoid_cross_entropy_loss
from tests.tools import check_gradient, layer, run

SHAPE = (3, 5, 60, 29)


def text(more=""):
    return f'type: "SigmoidCrossEntropyLoss" loss_param {{ {more} }}'


@pytest.mark.parametrize("normalization", ["VALID", "FULL", "BATCH_SIZE", "NONE"])
@pytest.mark.parametrize("ignore", [None, 255, -1, 0])
def test_agrees_with_numpy(ignore, normalization, rng):
    x, target = 3 * rng.normal(size=SHAPE), rng.random(SHAPE)
    target[0, :3] = 1
    if ignore:
        target[1, 2] = ignore
    ignored = "" if ignore is None else f"ignore_label: {ignore}"
    _, (loss,) = run(layer(text(f"normalization: {normalization} {ignored}"), SHAPE, SHAPE), x, target)
    assert_allclose(loss.data, sigmoid_cross_entropy_loss(x, target, ignore, normalization), rtol=1e-6)


def test_it_is_divided_by_the_batch_unless_told_otherwise(rng):
    x, target = rng.normal(size=(4, 3)), rng.random((4, 3))
    _, (loss,) = run(layer('type: "SigmoidCrossEntropyLoss"', x.shape, x.shape), x, target)
    assert_allclose(loss.data, sigmoid_cross_entropy_loss(x, target), rtol=1e-6)


def test_large_numbers_do_not_overflow():
    it = layer(text(), (1, 4), (1, 4))
    assert it.forward([[300, -300, 300, -300]], [[1, 0, 0, 1]])[0] == 600
    assert_array_equal(it.backward(1.0)[0], [[0, 0, 1, -1]])


def test_nan_is_not_hidden():
    assert np.isnan(layer(text("ignore_label: 255"), (1, 2), (1, 2)).forward([[np.nan, 1]], [[1, 0]])[0])


@pytest.mark.parametrize("more", ["", "normalization: VALID ignore_label: 2"])
def test_gradient(more, rng):
    target = rng.random((3, 4))
    target[0, 1] = 2
    check_gradient(layer(text(more), (3, 4), (3, 4)), rng.normal(size=(3, 4)), target)


def test_targets_of_another_number_are_refused():
    with pytest.raises(ShapeError, match=r"one target for each number of shape \(2, 3\), found shape \(2,\)"):
        layer(text(), (2, 3), (2,))


def test_weights_by_hand():
    it = layer('type: "SigmoidCrossEntropyLoss"', *[(2, 1)] * 3)
    _, (loss,) = run(it, [[0], [2]], [[1], [0]], [[3], [1]])
    assert_allclose(loss.data, (3 * np.log(2) + np.log(1 + np.exp(2))) / 4, rtol=1e-6)
    assert_allclose(it.backward(1)[0], [[-3 * 0.5 / 4], [1 / (1 + np.exp(-2)) / 4]], rtol=1e-6)


def test_weights_of_nothing_cost_nothing(rng):
    it = layer('type: "SigmoidCrossEntropyLoss"', *[(2, 3)] * 3)
    assert run(it, rng.normal(size=(2, 3)), 0, 0)[1][0].data == 0
    assert not it.backward(1)[0].any()


def test_gradient_with_weights(rng):
    x, target, weight = rng.normal(size=(2, 3)), rng.uniform(size=(2, 3)), rng.uniform(size=(2, 3))
    check_gradient(layer('type: "SigmoidCrossEntropyLoss"', *[(2, 3)] * 3), x, target, weight)


def test_weights_and_another_divisor_are_refused():
    with pytest.raises(NetError, match="loss_param goes with two bottoms"):
        layer('type: "SigmoidCrossEntropyLoss" loss_param { normalize: true }', *[(2, 3)] * 3)
