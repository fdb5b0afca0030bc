"""The gradient of a ReLU on blocked activations, against numpy."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.kernels import relu_blocked
from protonet.kernels.simd import W
from tests.kernels.blocked import blocked, empty
from tests.kernels.tools import run

N, C, H, V = SHAPE = 2, W + 3, 3, 5


@pytest.mark.parametrize("within", [False, True])
@pytest.mark.parametrize("slope", [0.0, 0.25])
def test_mask(slope, within, rng):
    """Of maps with halos of their own; apart, and in the place of dy."""
    y, dy = (rng.integers(-2, 3, SHAPE).astype(np.float32) for _ in range(2))
    (yb, ys), (db, ds) = blocked(y, 1), blocked(dy, 2)
    yb, db = yb[ys[1] + W :].copy(), db[2 * (ds[1] + W) :].copy()
    dx, xs = (db, ds) if within else empty(*SHAPE)
    args = slope, N, 2, H, V, *ys, *ds, *xs
    run(relu_blocked.mask, yb, db, dx, *args, tasks=N * 2 * H, python=False)
    view = np.lib.stride_tricks.as_strided(dx, (N, 2, H, V, W), [4 * s for s in (xs[0], xs[2], xs[1], W, 1)])
    found = view.transpose(0, 1, 4, 2, 3).reshape(N, -1, H, V)[:, :C]
    assert_allclose(found, np.where(y > 0, dy, slope * dy), rtol=1e-6)
