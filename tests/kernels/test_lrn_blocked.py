"""Local response normalisation across blocked channels and its gradient, against numpy in float64."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.kernels import lrn_blocked
from protonet.kernels.simd import W
from tests.kernels.blocked import blocked, empty, plain
from tests.kernels.tools import run

RATE, K = 0.3, 1.5


def around(a, size):
    padded = np.pad(a, ((0, 0), (size // 2, size // 2), (0, 0), (0, 0)))
    return sum(padded[:, i : i + a.shape[1]] for i in range(size))


@pytest.mark.parametrize("size", [1, 3, 5, 2 * W + 1])
@pytest.mark.parametrize("beta", [0.75, 0.5, 2.0])
@pytest.mark.parametrize("C", [3, W, 3 * W, 2 * W + 1])
@pytest.mark.parametrize("within", [False, True])
def test_lrn(size, beta, C, within, rng):
    """within: dx in the place of dy."""
    N, _, H, V = shape = (2, C, 3, 5)
    x, dy = rng.normal(size=(2, *shape)).astype(np.float32)
    forward, backward = lrn_blocked.lrn(size, beta)
    assert lrn_blocked.named(forward.name) is forward
    assert lrn_blocked.named(backward.name) is backward
    (xb, xs), (yb, ys), (db, ds), (zb, zs) = blocked(x, 1), empty(*shape), blocked(dy), empty(*shape)
    blocks = -(-C // W)
    idle = np.ones((1, blocks * W, 1, 1)) * 1e6  # what lies past the last channel is any number
    idle[:, :C] = 0
    xb += blocked(np.broadcast_to(idle, (N, blocks * W, H, V)), 1)[0]
    xb = xb[xs[1] + W :].copy()
    run(forward, xb, yb, N, C, H, V, *xs, *ys, RATE, K, beta, tasks=N * H, python=False)
    s = K + RATE * around(x.astype(np.float64) ** 2, size)
    assert_allclose(plain(yb, *shape), x * s**-beta, rtol=3e-6)
    if within:
        zb, zs = db, ds
    run(backward, xb, db, zb, N, C, H, V, *xs, *ds, *zs, RATE, K, beta, tasks=N * H, python=False)
    wanted = dy * s**-beta - 2 * RATE * beta * x * around(dy * x * s ** (-beta - 1), size)
    assert_allclose(plain(zb, *shape), wanted, rtol=1e-4, atol=2e-6)
    assert_array_equal(plain(zb, N, blocks * W, H, V)[:, C:], 0)
