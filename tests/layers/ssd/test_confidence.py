import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.layers.ssd.confidence import losses
from tests.naive.multibox_loss import cross_entropy


def test_softmax_agrees_with_one_row_at_a_time(rng):
    conf, labels = rng.normal(0, 3, (200, 21)).astype("f"), rng.integers(0, 21, 200)
    values, slopes = losses(conf, labels)
    for row, label, value in zip(conf.astype("d"), labels, values, strict=True):
        assert_allclose(value, cross_entropy(row, label), rtol=1e-5, atol=1e-6)
    assert_allclose(slopes.sum(1), np.zeros(200), atol=1e-5)


def test_logistic_agrees_with_numpy(rng):
    conf, labels = rng.normal(0, 3, (70, 4)).astype("f"), rng.integers(0, 4, 70)
    values, slopes = losses(conf, labels, logistic=True)
    p = 1 / (1 + np.exp(-conf.astype("d")))
    wanted = np.eye(4)[labels]
    assert_allclose(values, -np.log(np.where(wanted == 1, p, 1 - p)).sum(1), rtol=1e-4)
    assert_allclose(slopes, p - wanted, atol=1e-6)


@pytest.mark.parametrize("logistic", [False, True])
def test_large_numbers_do_not_overflow(logistic):
    values, slopes = losses(np.array([[1e4, -1e4], [-1e4, 1e4]], "f"), np.array([0, 0]), logistic)
    assert np.isfinite(values).all()
    assert_allclose(slopes, [[0, 0], [-1, 1]], atol=1e-6)
