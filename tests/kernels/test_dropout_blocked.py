"""Dropout of blocked activations drops what the plain one does."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.kernels import dropout, dropout_blocked
from protonet.kernels.simd import W
from tests.kernels.blocked import blocked, empty, plain
from tests.kernels.tools import run


@pytest.mark.parametrize("shape", [(2, W + 3, 5, 67), (3, 2 * W, 1, 1), (1, 3, 3, 3)])
@pytest.mark.parametrize("within", [False, True])
def test_as_the_plain_kernel(shape, within, rng):
    N, C, H, V = shape
    x, y = rng.normal(size=shape).astype(np.float32), np.zeros(shape, np.float32)
    plain_mask, mask = np.zeros((2, *shape), np.uint8)
    random, numbers = np.array([7, 3]), (11, round(0.3 * 2**32))
    run(dropout.dropout, x, y, plain_mask, random, *numbers, 1.5, tasks=dropout.tasks(x.size), python=False)
    run(dropout_blocked.drawn, mask, random, *numbers, tasks=dropout.tasks(x.size), python=False)
    assert_array_equal(mask, plain_mask)
    (xb, xs), (yb, ys) = blocked(x, 1), empty(*shape)
    xb = xb[xs[1] + W :].copy()
    if within:
        xb, xs = yb, ys = blocked(x)
    blocks = -(-C // W)
    run(dropout_blocked.masked, xb, mask, yb, 1.5, *xs, *ys, tasks=N * blocks * H, python=False)
    assert_array_equal(plain(yb, *shape), y)
    assert_array_equal(plain(yb, N, blocks * W, H, V)[:, C:], 0)
