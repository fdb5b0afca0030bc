"""Max and average pooling of blocked activations for training, and their gradients, window by window in numpy."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.kernels import max_blocked, mean_blocked
from protonet.kernels.simd import W
from tests.kernels.blocked import blocked, empty, plain
from tests.kernels.tools import run

LOWEST = np.float32(-3.4028234663852886e38)
CASES = [  # map, kernel, stride, pad, outputs
    ((9, 13), (3, 3), (2, 2), (0, 0), (4, 6)),
    ((8, 12), (3, 3), (2, 2), (0, 0), (4, 6)),  # the last windows are cut
    ((7, 9), (3, 3), (2, 2), (1, 1), (4, 5)),
    ((6, 7), (3, 3), (1, 1), (1, 1), (6, 7)),
    ((6, 8), (2, 2), (2, 2), (0, 0), (3, 4)),
    ((5, 7), (2, 2), (2, 2), (1, 1), (3, 4)),
    ((9, 8), (5, 4), (3, 2), (2, 1), (3, 4)),
    ((5, 6), (5, 6), (1, 1), (0, 0), (1, 1)),
    ((17, 16), (17, 16), (1, 1), (0, 0), (1, 1)),  # too many taps for a byte
    ((7, 30), (2, 2), (3, 12), (0, 0), (3, 3)),  # gaps; the last window of a row is empty
]


def windows(map_, kernel, stride, pad, outputs):
    for i in range(outputs[0]):
        for j in range(outputs[1]):
            top, left = i * stride[0] - pad[0], j * stride[1] - pad[1]
            rows = slice(max(top, 0), min(top + kernel[0], map_[0]))
            yield i, j, top, left, rows, slice(max(left, 0), min(left + kernel[1], map_[1]))


def largest(x, *case, least=-np.inf):
    """y, the tap of each winner, or -1."""
    _, kernel, _, _, outputs = case
    y, where = np.full((*x.shape[:2], *outputs), LOWEST), np.full((*x.shape[:2], *outputs), -1)
    for i, j, top, left, rows, columns in windows(*case):
        for h in range(rows.start, rows.stop):
            for v in range(columns.start, columns.stop):
                wins = x[:, :, h, v] > y[:, :, i, j]
                y[:, :, i, j][wins] = x[:, :, h, v][wins]
                where[:, :, i, j][wins] = (h - top) * kernel[1] + v - left
    where[y <= least] = -1
    return y, where


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("C", [2 * W, W + 3])
@pytest.mark.parametrize("adds", ["", "old", "within"])
@pytest.mark.parametrize("least", [-np.inf, 0.0])
def test_max(case, C, adds, least, rng):
    (H, V), kernel, stride, pad, (rows, columns) = case
    N = 2
    x = rng.integers(-3, 4, (N, C, H, V)).astype(np.float32)
    x[0, 1] = np.nan
    x[1, 0, :2] = np.nan
    dy, old = rng.normal(size=(N, C, rows, columns)).astype(np.float32), rng.normal(size=x.shape).astype(np.float32)
    y, where = largest(x, *case, least=least)
    byte = max_blocked.small(*kernel)
    forward, backward = (
        (max_blocked.maximum, max_blocked.gradient) if byte else (max_blocked.maximum_wide, max_blocked.gradient_wide)
    )
    (xb, xs), (yb, ys) = blocked(x, 1), empty(N, C, rows, columns)
    xb = xb[xs[1] + W :].copy()
    blocks = -(-C // W)
    places = np.zeros(N * blocks * rows * columns * W, np.uint8 if byte else np.int32)
    window = *kernel, *stride, *pad
    args = N, blocks, H, V, rows, columns, *xs, *ys, *window, least
    run(forward, xb, yb, places, *args, tasks=N * blocks * rows, python=False)
    assert_array_equal(plain(yb, N, C, rows, columns), y)
    found = plain(places, N, C, rows, columns).astype(np.int64)
    assert_array_equal(np.where(found == max_blocked.NONE[places.itemsize], -1, found), where)

    dx = old * bool(adds)
    for i, j, top, left, rows_, columns_ in windows(*case):
        for h in range(rows_.start, rows_.stop):
            for v in range(columns_.start, columns_.stop):
                mine = where[:, :, i, j] == (h - top) * kernel[1] + v - left
                dx[:, :, h, v] += np.where(mine, dy[:, :, i, j], 0)
    backward_checked(backward, (places,), dy, old, dx, adds, window, (), rng)


def backward_checked(kernel, places, dy, old, wanted, adds, window, more, rng):
    N, C, H, V = old.shape
    blocks = -(-C // W)
    (db, ds), (ob, os), (out, outs) = blocked(dy, 1), blocked(old, 1), empty(*old.shape)
    db, ob = (a[s[1] + W :].copy() for a, s in ((db, ds), (ob, os)))
    if adds == "within":
        (out, outs) = blocked(old)
        ob, os = out, outs
    args = bool(adds), N, blocks, H, V, *dy.shape[2:], *ds, *os, *outs, *window, *more
    run(kernel, db, *places, ob, out, *args, tasks=N * blocks * H, python=False)
    assert_allclose(plain(out, *old.shape), wanted, rtol=1e-5, atol=1e-6)
    if not adds:
        assert_array_equal(plain(out, N, blocks * W, H, V)[:, C:], 0)


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("adds", ["", "old", "within"])
@pytest.mark.parametrize("inside", [0, 1])
@pytest.mark.parametrize("uneven", [0, 1])
def test_average(case, adds, inside, uneven, rng):
    map_, kernel, stride, pad, outputs = case
    after = [p + uneven for p in pad]
    N, C = 2, W + 3
    x, old = rng.normal(size=(2, N, C, *map_)).astype(np.float32)
    dy = rng.normal(size=(N, C, *outputs)).astype(np.float32)
    y, dx = np.zeros((N, C, *outputs)), old.astype(np.float64) * bool(adds)
    for i, j, top, left, rows, columns in windows(*case):
        down, across = (
            min(s + k, n + (0 if inside else a)) - (max(s, 0) if inside else s)
            for s, k, n, a in zip((top, left), kernel, map_, after, strict=True)
        )
        with np.errstate(all="ignore"):
            y[:, :, i, j] = x[:, :, rows, columns].sum((2, 3)) / np.float64(down * across)
            dx[:, :, rows, columns] += (dy[:, :, i, j] / np.float64(down * across))[:, :, None, None]
    (xb, xs), (yb, ys) = blocked(x, 1), empty(N, C, *outputs)
    xb = xb[xs[1] + W :].copy()
    window, more = (*kernel, *stride, *pad), (*after, inside)
    args = N, 2, *map_, *outputs, *xs, *ys, *window, *more
    run(mean_blocked.average, xb, yb, *args, tasks=N * 2 * outputs[0], python=False)
    assert_allclose(plain(yb, N, C, *outputs), y, rtol=1e-5, atol=1e-6)
    backward_checked(mean_blocked.gradient, (), dy, old, dx, adds, window, more, rng)
