"""Batch normalisation on blocked activations, forward and backward, against numpy in float64."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.kernels import norm_blocked, norm_grad_blocked
from protonet.kernels.simd import W
from tests.kernels.blocked import SLACK, blocked, empty, plain
from tests.kernels.tools import run

SHAPES = [(2, W, 3, 7), (3, 2 * W + 3, 5, 1), (5, 1, 19, 31), (1, W - 1, 1, 1), (20, 3, 2, 3)]
EPS = 1e-5


def inside(flat, strides, halo):
    """From the first inner pixel on."""
    return flat[halo * (strides[1] + W) :].copy()


def moments(xb, xs, shape):
    """mean and var by the kernels."""
    N, C, H, V = shape
    blocks = -(-C // W)
    chunk = norm_blocked.chunk(N, blocks)
    chunks = -(-N // chunk)
    parts, mean, var = np.full(chunks * blocks * 2 * W, np.nan), *np.full((2, C), np.nan, np.float32)
    run(norm_blocked.moments, xb, parts, N, blocks, H, V, *xs, chunk, tasks=chunks * blocks, python=False)
    run(norm_blocked.statistics, parts, mean, var, chunks, N * H * V)
    return mean, var


def column(values):
    return values.reshape(-1, 1, 1)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("centre", "spread"), [(0, 1), (1000, 1), (-3, 1e-3)])
def test_moments(shape, centre, spread, rng):
    x = rng.normal(centre, spread, shape).astype(np.float32)
    x[0] += 5 * spread  # what comes first is not like the rest
    xb, xs = blocked(x, 1)
    mean, var = moments(inside(xb, xs, 1), xs, shape)
    exact = x.astype(np.float64)
    assert_allclose(mean, exact.mean((0, 2, 3)), rtol=1e-7, atol=1e-7 * spread)
    assert_allclose(var, exact.var((0, 2, 3)), rtol=2e-6, atol=1e-9 * spread**2)


def table_of(mean, var, gamma, beta, outside=0):
    C = len(mean)
    table = np.full(-(-C // W) * norm_blocked.TABLE, np.nan, np.float32)
    flags = gamma is not None, beta is not None
    args = mean if gamma is None else gamma, mean if beta is None else beta, table, *flags, EPS, outside
    run(norm_blocked.coefficients, mean, var, *args)
    return table


@pytest.mark.parametrize("outside", [0, 1])
@pytest.mark.parametrize("learned", ["", "gamma", "gamma beta"])
@pytest.mark.parametrize("adds", [False, True])
@pytest.mark.parametrize("slope", [1.0, 0.0, 0.25])
def test_apply(outside, learned, adds, slope, rng):
    N, C, H, V = shape = (2, 2 * W + 3, 3, 5)
    x, r = rng.normal(size=(2, *shape)).astype(np.float32)
    mean, var, gamma, beta = rng.uniform(0.5, 2, (4, C)).astype(np.float32)
    x[0, 0, 0, 0] = -np.inf
    table = table_of(mean, var, gamma if "gamma" in learned else None, beta if "beta" in learned else None, outside)
    inv_std = 1 / (np.sqrt(var) + EPS) if outside else 1 / np.sqrt(var + EPS)
    v = column(inv_std) * (x - column(mean))
    v = v * column(gamma) if "gamma" in learned else v
    v = v + column(beta) if "beta" in learned else v
    v = v + r if adds else v
    (xb, xs), (rb, rs), (yb, ys) = blocked(x, 1), blocked(r), empty(*shape)
    xb = inside(xb, xs, 1)
    sizes = slope, N, 3, H, V
    if adds:
        run(norm_blocked.apply_sum, xb, rb, table, yb, *sizes, *xs, *rs, *ys, tasks=N * 3 * H, python=False)
    else:
        run(norm_blocked.apply, xb, table, yb, *sizes, *xs, *ys, tasks=N * 3 * H, python=False)
    wanted = np.maximum(v, 0) if slope == 0 else np.where(v < 0, np.float32(slope) * v, v)
    assert_allclose(plain(yb, *shape), wanted, rtol=2e-5, atol=2e-6)
    assert_array_equal(plain(yb, N, 3 * W, H, V)[:, C:], 0)


def test_apply_in_place(rng):
    N, C, H, V = shape = (2, W, 3, 5)
    x, r = rng.normal(size=(2, *shape)).astype(np.float32)
    mean, var = rng.uniform(0.5, 2, (2, C)).astype(np.float32)
    table = table_of(mean, var, None, None)
    (xb, xs), (rb, _), (yb, _) = blocked(x), blocked(r), empty(*shape)
    sizes = 0.0, N, 1, H, V
    run(norm_blocked.apply_sum, xb, rb, table, yb, *sizes, *xs * 3, tasks=N * H, python=False)
    run(norm_blocked.apply_sum, xb, rb, table, rb, *sizes, *xs * 3, tasks=N * H, python=False)
    assert_array_equal(rb[:-SLACK], yb[:-SLACK])
    run(norm_blocked.apply, xb, table, yb, *sizes, *xs * 2, tasks=N * H, python=False)
    run(norm_blocked.apply, xb, table, xb, *sizes, *xs * 2, tasks=N * H, python=False)
    assert_array_equal(xb[:-SLACK], yb[:-SLACK])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("slope", [1.0, 0.0, 0.25])
@pytest.mark.parametrize("adds", [False, True])
@pytest.mark.parametrize("stored", [False, True])
def test_gradient(shape, slope, adds, stored, rng):
    """adds: something was added before the activation, and dz goes there, in dy's place."""
    N, C, H, V = shape
    blocks, m = -(-C // W), N * H * V
    x, dy, r = rng.normal(1, 2, (3, *shape)).astype(np.float32)
    gamma, beta, dgamma, dbeta = rng.normal(size=(4, C)).astype(np.float32)
    (xb, xs), (db, ds) = blocked(x, 1), blocked(dy)
    xb = inside(xb, xs, 1)
    mean, var = moments(xb, xs, shape) if not stored else rng.uniform(0.5, 2, (2, C)).astype(np.float32)
    table = table_of(mean, var, gamma, beta)

    # as Caffe's layers go back, in double
    inv_std = 1 / np.sqrt(var.astype(np.float64) + EPS)
    normal = (x - column(mean).astype(np.float64)) * column(inv_std)
    v = normal * column(gamma) + column(beta) + r * adds
    dz = np.where(v > 0, dy, np.float32(slope) * dy)
    dn = dz * column(gamma)
    average = lambda a: a.mean((0, 2, 3), keepdims=True)  # noqa: E731
    dx = column(inv_std) * (dn if stored else dn - average(dn) - normal * average(dn * normal))
    wanted = dgamma + (dz * normal).sum((0, 2, 3)), dbeta + dz.sum((0, 2, 3))

    chunk = norm_blocked.chunk(N, blocks)
    chunks = -(-N // chunk)
    parts = np.full(chunks * blocks * 2 * W, np.nan)
    grads = np.full(blocks * norm_grad_blocked.GRADS, np.nan, np.float32)
    out, os = blocked(np.zeros_like(x), 2)
    start = 2 * (os[1] + W)
    if adds:
        y, ys = blocked(v.astype(np.float32))
        sizes = slope, N, blocks, H, V, *xs, *ys, *ds, *ds, chunk
        run(norm_grad_blocked.sums_kept, xb, y, db, db, table, parts, *sizes, tasks=chunks * blocks, python=False)
        assert_array_equal(plain(db, *shape), dz)
        slope = 1.0
    else:
        sizes = slope, N, blocks, H, V, *xs, *ds, chunk
        run(norm_grad_blocked.sums_of, xb, db, table, parts, *sizes, tasks=chunks * blocks, python=False)
    run(norm_grad_blocked.gradients, parts, table, dgamma, dbeta, grads, 1, 1, stored, chunks, m)
    assert_allclose(dgamma, wanted[0], rtol=1e-5, atol=1e-5 * m**0.5)
    assert_allclose(dbeta, wanted[1], rtol=1e-5, atol=1e-5 * m**0.5)
    to = out[start:].copy()
    sizes = slope, N, blocks, H, V, *xs, *ds, *os
    run(norm_grad_blocked.back, xb, db, table, grads, to, *sizes, tasks=N * blocks * H, python=False)
    out[start:] = to
    full = out[: N * os[0]].reshape(N, blocks, H + 4, V + 4, W).transpose(0, 1, 4, 2, 3).reshape(N, -1, H + 4, V + 4)
    scale = np.abs(dn * column(inv_std)).max()
    assert_allclose(full[:, :C, 2:-2, 2:-2], dx, rtol=1e-4, atol=2e-6 * scale)
    full[:, :C, 2:-2, 2:-2] = 0
    assert_array_equal(full, 0)
    run(norm_grad_blocked.back, xb, db, table, grads, db, *sizes[:8], *ds * 2, tasks=N * blocks * H, python=False)
    assert_array_equal(plain(db, *shape), plain_of(to, os, shape))


def plain_of(flat, strides, shape):
    N, C, H, V = shape
    image, row, block = (4 * s for s in strides)
    seen = np.lib.stride_tricks.as_strided(flat, (N, -(-C // W), H, V, W), (image, block, row, 4 * W, 4))
    return seen.transpose(0, 1, 4, 2, 3).reshape(N, -1, H, V)[:, :C]


@pytest.mark.parametrize("scales", [0, 1])
@pytest.mark.parametrize("shifts", [0, 1])
def test_what_is_not_learned_stays(scales, shifts, rng):
    C, parts = W + 1, rng.normal(size=2 * 2 * W)
    table = rng.normal(size=2 * norm_blocked.TABLE).astype(np.float32)
    one, two = rng.normal(size=(2, C)).astype(np.float32)
    before = one.copy(), two.copy()
    run(norm_grad_blocked.gradients, parts, table, one, two, np.zeros(6 * W, np.float32), scales, shifts, 0, 1, 9)
    assert (one == before[0]).all() != scales
    assert (two == before[1]).all() != shifts
