"""Rows of all lengths around a vector's, alone and four at once; in place; infinities and NaN."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.kernels import softmax
from tests.kernels.tools import compiled, run


def naive(x):
    e = np.exp(x.astype(np.float64) - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


@pytest.mark.parametrize("C", [1, 3, 16, 21, 40, 300])
@pytest.mark.parametrize("rows", [1, 4, 7])
def test_rows(rows, C, rng):
    x = rng.normal(0, 10, (rows, C, 1)).astype("f")
    y = np.zeros_like(x)
    run(softmax.softmax, x, y, np.zeros((rows, 1), "f"), tasks=rows, python=False)
    assert_allclose(y[..., 0], naive(x[..., 0]), rtol=1e-5, atol=1e-30)
    compiled(softmax.softmax, x, x, np.zeros((rows, 1), "f"), tasks=rows)
    assert_array_equal(x, y)


def test_what_is_not_finite():
    x = np.zeros((3, 20, 1), "f")
    x[0, :18], x[1, 3], x[2, 19] = -np.inf, np.nan, np.nan
    compiled(softmax.softmax, x, x, np.zeros((3, 1), "f"), tasks=3)
    assert_array_equal(x[0, :, 0], [0] * 18 + [0.5] * 2)
    assert np.isnan(x[1:]).all()
