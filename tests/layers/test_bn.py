import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import NetError
from protonet.layers import TEST, TRAIN
from tests.naive.bn import bn
from tests.tools import check_gradient, layer, run

SHAPE = (3, 4, 5, 2)
SEGNET = 'scale_filler { type: "gaussian" } shift_filler { type: "gaussian" }'
PSPNET = 'slope_filler { type: "gaussian" } bias_filler { type: "gaussian" } momentum: 0.9'
MOVING = SEGNET + " moving_average: true decay: 0.2"


def made(text, shape=SHAPE, **options):
    return layer(f'type: "BN" bn_param {{ {text} }}', shape, **options)


def own(it):
    return [b.data.astype("d").ravel() for b in it.blobs]


@pytest.mark.parametrize("phase", [TRAIN, TEST])
def test_segnets_takes_the_batch_in_both_phases(phase, rng):
    it, x = made(SEGNET, phase=phase), rng.normal(2, 3, SHAPE)
    assert [b.data.shape for b in it.blobs] == [(1, 4, 1, 1)] * 2
    _, (y,) = run(it, x)
    assert_allclose(y.data, bn(x, *own(it), eps=1e-9), atol=1e-5)


def test_segnets_for_inference_is_a_scale(rng):
    it, x = made(SEGNET + " bn_mode: INFERENCE"), rng.normal(size=SHAPE)
    _, (y,) = run(it, x)
    gamma, beta = (b.data for b in it.blobs)
    assert_allclose(y.data, gamma * x + beta, rtol=1e-5, atol=1e-6)


def test_pspnets_takes_the_batch_in_train_and_averages_it(rng):
    it, x = made(PSPNET), rng.normal(2, 3, SHAPE)
    assert [b.data.shape for b in it.blobs] == [(1, 4)] * 4
    assert_array_equal(it.blobs[3].data, np.ones((1, 4)))
    gamma, beta, *_ = own(it)
    _, (y,) = run(it, x)
    assert_allclose(y.data, bn(x, gamma, beta), atol=1e-5)
    axes = (0, 2, 3)
    assert_allclose(it.blobs[2].data[0], 0.1 * x.mean(axes), rtol=1e-5)
    assert_allclose(it.blobs[3].data[0], 0.9 + 0.1 * x.var(axes, ddof=1), rtol=1e-5)


@pytest.mark.parametrize(("text", "phase"), [(PSPNET, TEST), (PSPNET + " frozen: true", TRAIN), (MOVING, TEST)])
def test_the_average_serves_where_it_should(text, phase, rng):
    it, x = made(text, phase=phase), rng.normal(size=SHAPE)
    it.blobs[2].data[...], it.blobs[3].data[...] = 1, 4
    before = [b.data.copy() for b in it.blobs]
    _, (y,) = run(it, x)
    assert_allclose(y.data, bn(x, *own(it)[:2], np.ones(4), np.full(4, 4)), atol=1e-5)
    for blob, was in zip(it.blobs, before, strict=True):
        assert_array_equal(blob.data, was)


def test_hszhaos_first_averages_the_biased_variance(rng):
    it, x = made(MOVING), rng.normal(size=SHAPE)
    run(it, x)
    assert_allclose(it.blobs[3].data.ravel(), 0.2 * x.var((0, 2, 3)), rtol=1e-5)
    batch = made(SEGNET + " decay: 0.2", phase=TEST)
    _, (y,) = run(batch, x)
    assert_allclose(y.data, bn(x, *own(batch)[:2], eps=1e-10), atol=1e-5)


def test_two_numbers_by_hand():
    it = made("scale_filler { value: 2 } shift_filler { value: 10 }", (2, 1, 1, 1))
    _, (y,) = run(it, np.reshape([1.0, 3.0], (2, 1, 1, 1)))
    assert_allclose(y.data.ravel(), [8, 12], rtol=1e-6)


@pytest.mark.parametrize("text", [SEGNET, SEGNET + " bn_mode: INFERENCE", PSPNET, MOVING])
@pytest.mark.parametrize("in_place", [False, True])
def test_gradient(text, in_place, rng):
    check_gradient(made(text, (3, 2, 4, 1), in_place=in_place), rng.normal(size=(3, 2, 4, 1)))


def test_gradient_of_the_frozen(rng):
    it = made(PSPNET + " frozen: true", (3, 2, 4))
    assert all(b.diff is None for b in it.blobs)
    check_gradient(it, rng.normal(size=(3, 2, 4)))


def test_words_of_two_forks_are_refused():
    with pytest.raises(NetError, match="momentum and bn_mode are of different forks' BN: give one of them"):
        made("momentum: 0.9 bn_mode: LEARN")
