"""Sums, products, maxima and masks of blocked activations, against numpy."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.kernels import eltwise_blocked
from protonet.kernels.simd import W
from tests.kernels.blocked import blocked, empty, plain
from tests.kernels.tools import run

N, C, H, V = SHAPE = 2, W + 3, 3, 5
SIZES = N, 2, H, V


@pytest.fixture
def maps(rng):
    """Three arrays, the first two with a halo, and their strides."""
    arrays = [rng.integers(-2, 3, SHAPE).astype(np.float32) for _ in range(3)]
    cells = [blocked(a, halo) for a, halo in zip(arrays, (1, 2, 0), strict=True)]
    for i, halo in ((0, 1), (1, 2)):
        flat, strides = cells[i]
        cells[i] = flat[halo * (strides[1] + W) :].copy(), strides
    return arrays, cells


def checked(kernel, before, cells, after, wanted, within=None):
    """Run it into an array apart, or into one of its own."""
    y, ys = empty(*SHAPE) if within is None else cells[within]
    strides = [s for _, each in cells for s in each]
    run(kernel, *before, *(flat for flat, _ in cells), y, *after, *SIZES, *strides, *ys, tasks=N * 2 * H, python=False)
    view = np.lib.stride_tricks.as_strided(y, (N, 2, H, V, W), [4 * s for s in (ys[0], ys[2], ys[1], W, 1)])
    assert_allclose(view.transpose(0, 1, 4, 2, 3).reshape(N, -1, H, V)[:, :C], wanted, rtol=1e-6)


@pytest.mark.parametrize("within", [None, 0, 1])
def test_sums_and_products_of_two(maps, within):
    (x, r, _), cells = maps
    again = [(flat.copy(), strides) for flat, strides in cells]
    checked(eltwise_blocked.add, (), cells[:2], (2.0, -0.5), 2 * x - 0.5 * r, within)
    checked(eltwise_blocked.multiply, (), again[:2], (), x * r, within)


@pytest.mark.parametrize("within", [None, 0, 1, 2])
def test_sum_of_three(maps, within):
    arrays, cells = maps
    checked(eltwise_blocked.add_three, (), cells, (), sum(arrays), within)


@pytest.mark.parametrize("within", [None, 0])
def test_scale(maps, within):
    (x, *_), cells = maps
    checked(eltwise_blocked.scale, (), cells[:1], (0.3,), np.float32(0.3) * x, within)


@pytest.mark.parametrize("within", [None, 1])
@pytest.mark.parametrize("slope", [0.0, 0.25])
def test_mask(maps, within, slope):
    (y, dy, _), cells = maps
    checked(eltwise_blocked.mask, (), cells[:2], (slope,), np.where(y > 0, dy, slope * dy), within)


def test_maximum_of_three_and_its_gradient(maps, rng):
    arrays, cells = maps
    arrays[0][0, 0, 0, 0] = cells[0][0][0] = np.nan
    y, ys = empty(*SHAPE)
    which = np.zeros(N * 2 * H * V * W, np.uint8)
    (a, as_), (b, bs), (c, cs) = cells
    sizes, tasks = SIZES, N * 2 * H
    run(eltwise_blocked.maximum, a, b, y, which, 0, 1, *sizes, *as_, *bs, *ys, tasks=tasks, python=False)
    run(eltwise_blocked.maximum, c, y, y, which, 2, 0, *sizes, *cs, *ys, *ys, tasks=tasks, python=False)
    first, second, third = arrays
    wins = (first > second) | np.isnan(first)
    best, index = np.where(wins, first, second), np.where(wins, 0, 1)
    wins = third > best
    best, index = np.where(wins, third, best), np.where(wins, 2, index)
    assert_array_equal(plain(y, *SHAPE), best)
    assert_array_equal(plain(which, *SHAPE), index)
    for i in range(3):
        (dy, ds), (dx, xs) = blocked(first + 3), empty(*SHAPE)
        run(eltwise_blocked.maximum_grad, dy, which, dx, i, *sizes, *ds, *xs, tasks=tasks, python=False)
        assert_array_equal(plain(dx, *SHAPE), np.where(index == i, first + 3, 0))
        run(eltwise_blocked.maximum_grad, dy, which, dy, i, *sizes, *ds, *ds, tasks=tasks, python=False)
        assert_array_equal(plain(dy, *SHAPE), np.where(index == i, first + 3, 0))
