import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.errors import DataError
from protonet.layers.gaussian import Gaussian
from tests.naive.gaussian import gaussian


@pytest.mark.parametrize("D", [1, 2, 3, 5])
def test_agrees_with_one_point_at_a_time(D, rng):
    features, x = rng.normal(size=(40, D)), rng.normal(size=40)
    found = Gaussian(features)(x[:, None])
    assert_allclose(found[:, 0], gaussian(features.astype("f").tolist(), x), rtol=1e-4, atol=1e-4)


def test_a_point_alone_hears_itself_around_its_simplex():
    """At a corner of a triangle: 1, and half of a half of a half around its sides; by 1 / (1 + 1 / 4)."""
    (found,) = Gaussian([[0.0, 0.0]])([[3.0]])
    assert_allclose(found, 3 * (1 + 1 / 8) * 0.8, rtol=1e-6)


def test_is_close_to_a_gaussian(rng):
    """A dense grid: the kernel's shape, up to one factor, within the lattice's few per cent."""
    y, x = np.mgrid[:40, :40].reshape(2, -1) / 4.0
    features, impulse = np.stack([x, y], 1), np.zeros((1600, 1))
    impulse[20 * 40 + 20] = 1
    found = Gaussian(features)(impulse)[:, 0]
    exact = np.exp(-((features - features[820]) ** 2).sum(1) / 2)
    assert np.abs(found / found.sum() - exact / exact.sum()).max() < 0.1 * exact.max() / exact.sum()


def test_back_is_the_adjoint(rng):
    f = Gaussian(rng.normal(size=(60, 3)))
    a, b = rng.normal(size=(2, 60, 4))
    assert_allclose((f(a) * b).sum(), (a * f(b, back=True)).sum(), rtol=1e-4)


def test_features_that_are_no_numbers_are_told():
    with pytest.raises(DataError, match="features of a filter must be numbers"):
        Gaussian([[np.nan, 1.0]])
