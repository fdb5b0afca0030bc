"""Past a ReLU and into a bias, on blocked activations; and pixels spread apart."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.kernels import gradient_blocked
from protonet.kernels.simd import W
from tests.kernels.blocked import blocked, empty, plain
from tests.kernels.tools import run

SHAPES = [(2, W, 3, 7), (1, 2 * W + 3, 5, 1), (3, 1, 2, 16)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("slope", [0.0, 0.25])
@pytest.mark.parametrize("within", [False, True])
def test_relu_and_bias(shape, slope, within, rng):
    """within: dz in the place of dy."""
    N, C, H, V = shape
    y, dy = (rng.normal(size=shape).astype(np.float32) for _ in range(2))
    y[rng.random(shape) < 0.2] = 0
    (yb, ys), (xb, xs), (zb, zs) = blocked(y, 1), blocked(dy), empty(*shape)
    if within:
        zb, zs = xb, xs
    blocks = -(-C // W)
    sums = np.full(N * blocks * W, np.nan, np.float32)
    inner = ((V + 2) + 1) * W  # past the halo
    args = slope, N, blocks, H, V, *ys, *xs, *zs
    run(gradient_blocked.relu, yb[inner:].copy(), xb, zb, sums, *args, tasks=N * blocks, python=False)
    wanted = np.where(y > 0, dy, np.float32(slope) * dy)
    assert_array_equal(plain(zb, *shape), wanted)
    check_bias(sums, wanted, rng)


def check_bias(sums, dz, rng):
    before = rng.normal(size=dz.shape[1]).astype(np.float32)
    db = before.copy()
    run(gradient_blocked.add_sums, sums, db, dz.shape[0], python=False)
    assert_allclose(db, before + dz.sum((0, 2, 3), dtype=np.float64), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_bias_alone(shape, rng):
    N, C, H, V = shape
    dy = rng.normal(size=shape).astype(np.float32)
    xb, xs = blocked(dy)
    blocks = -(-C // W)
    sums = np.full(N * blocks * W, np.nan, np.float32)
    run(gradient_blocked.sums_of, xb, sums, N, blocks, H, V, *xs, tasks=N * blocks, python=False)
    check_bias(sums, dy, rng)


@pytest.mark.parametrize("down", [1, 2, 3])
@pytest.mark.parametrize("across", [1, 2])
@pytest.mark.parametrize("adds", ["", "old", "within"])
def test_spread(down, across, adds, rng):
    N, C, high, wide, H, V = 2, W + 1, 3, 4, 9, 9
    x, old = rng.normal(size=(N, C, high, wide)).astype(np.float32), rng.normal(size=(N, C, H, V)).astype(np.float32)
    (xb, xs), (ob, os), (yb, ys) = blocked(x), blocked(old), empty(N, C, H, V)
    if adds == "within":
        yb = ob
    args = bool(adds), N, 2, H, V, high, wide, down, across, *xs, *os, *ys
    run(gradient_blocked.spread, xb, ob, yb, *args, tasks=N * 2 * H, python=False)
    wanted = old * bool(adds)
    wanted[:, :, : high * down : down, : wide * across : across] += x
    assert_array_equal(plain(yb, N, C, H, V), wanted)
