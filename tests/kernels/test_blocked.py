"""Depthwise, pooling, LRN, sums and conversions on blocks, each against numpy."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.engine import pack
from protonet.kernels import blocks, depthwise, pointwise_blocked, pool_blocked
from protonet.kernels.simd import W
from tests.kernels.blocked import SLACK, blocked, convolved, empty, plain
from tests.kernels.tools import run

C = 2 * W


@pytest.mark.parametrize(("size", "kernel", "stride"), [(3, 3, 1), (3, 3, 2), (5, 5, 1), (0, 2, 1), (0, 3, 2)])
def test_depthwise(size, kernel, stride, rng):
    N, H, V = 2, 8, 19
    x, w, bias = (rng.normal(size=s).astype(np.float32) for s in ((N, C, H, V), (C, 1, kernel, kernel), (C,)))
    OH, OV = (H - kernel) // stride + 1, (V - kernel) // stride + 1
    (xb, xs), (yb, ys) = blocked(x), empty(N, C, OH, OV)
    places = [i * xs[1] + j * W for i in range(kernel) for j in range(kernel)]
    runs = 4 * np.diff([*places, places[-1]]).astype(np.int64)
    packed = np.ascontiguousarray(pack.depthwise(w)).reshape(-1)
    args = N, 2, OH, OV, xs[1], xs[0], stride * xs[1], xs[2], *ys, 0.0, 0.0
    one = depthwise.depthwise(size, stride, 7)
    run(one, xb, runs, packed, bias, bias, yb, *args, tasks=N * 2 * OH, python=False)
    assert_allclose(plain(yb, N, C, OH, OV), np.maximum(convolved(x, w, bias, stride, C), 0), rtol=1e-4, atol=1e-5)
    assert depthwise.named(one.name) is one


@pytest.mark.parametrize(("size", "stride", "pad"), [(3, 2, 0), (3, 1, 1), (2, 2, 0), (3, 2, 1), (5, 3, 2)])
def test_pooling(size, stride, pad, rng):
    N, H, V = 2, 9, 13
    x = rng.normal(size=(N, C, H, V)).astype(np.float32)
    OH, OV = (-(-(n + 2 * pad - size) // stride) + 1 for n in (H, V))
    OH, OV = (o - (pad and (o - 1) * stride >= n + pad) for o, n in ((OH, H), (OV, V)))
    top, mean = np.zeros((2, N, C, OH, OV))
    for i in range(OH):
        for j in range(OV):
            i0, j0 = i * stride - pad, j * stride - pad
            part = x[:, :, max(i0, 0) : i0 + size, max(j0, 0) : j0 + size]
            area = (min(i0 + size, H + pad) - i0) * (min(j0 + size, V + pad) - j0)
            top[:, :, i, j], mean[:, :, i, j] = part.max((2, 3)), part.sum((2, 3)) / area
    xb, xs = blocked(x)
    for kernel, wanted in ((pool_blocked.maximum, top), (pool_blocked.average, mean)):
        yb, ys = empty(N, C, OH, OV)
        args = N, 2, H, V, OH, OV, *xs, *ys, size, size, stride, stride, pad, pad, 0
        run(kernel, xb, yb, *args, tasks=N * 2 * OH, python=False)
        assert_allclose(plain(yb, N, C, OH, OV), wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("size", [3, 5, 2 * W + 1])
def test_lrn(size, rng):
    N, H, V = 2, 3, 11
    x = rng.normal(size=(N, C, H, V)).astype(np.float32)
    squares = np.pad(x.astype(np.float64) ** 2, ((0, 0), (size // 2, size // 2), (0, 0), (0, 0)))
    total = sum(squares[:, i : i + C] for i in range(size))
    (xb, xs), (yb, ys) = blocked(x), empty(N, C, H, V)
    args = N, 2, H, V, *xs, *ys, 0.3, 1.5
    one = pointwise_blocked.lrn(size)
    run(one, xb, yb, *args, tasks=N * H, python=False)
    assert pointwise_blocked.named(one.name) is one
    assert_allclose(plain(yb, N, C, H, V), x / (1.5 + 0.3 * total) ** 0.75, rtol=1e-5)


@pytest.mark.parametrize("how", [pointwise_blocked.SUM, pointwise_blocked.PRODUCT, pointwise_blocked.MAXIMUM])
def test_two_maps_joined(how, rng):
    N, H, V = 1, 3, 5
    x, r = rng.normal(size=(2, N, C, H, V)).astype(np.float32)
    slope = rng.uniform(size=C).astype(np.float32)
    (xb, xs), (rb, rs), (yb, ys) = blocked(x), blocked(r), empty(N, C, H, V)
    args = how, N, 2, H, V, *xs, *rs, *ys, 2.0, -0.5, -np.inf, 1.0
    run(pointwise_blocked.combine, xb, rb, slope, yb, *args, tasks=N * 2 * H, python=False)
    wanted = (2 * x - 0.5 * r, 2 * x * r, np.maximum(2 * x, -0.5 * r))[how]
    wanted = np.minimum(wanted, 1)
    assert_allclose(
        plain(yb, N, C, H, V), np.where(wanted > 0, wanted, slope.reshape(-1, 1, 1) * wanted), rtol=1e-5, atol=1e-6
    )


def test_an_affine(rng):
    N, H, V = 2, 3, 5
    x = rng.normal(size=(N, C, H, V)).astype(np.float32)
    a, b = rng.normal(size=(2, C)).astype(np.float32)
    (xb, xs), (yb, ys) = blocked(x), empty(N, C, H, V)
    args = N, 2, H, V, *xs, *ys, 0.0, np.inf
    run(pointwise_blocked.affine, xb, a, b, np.ones(C, np.float32), yb, *args, tasks=N * 2 * H, python=False)
    assert_allclose(
        plain(yb, N, C, H, V), np.maximum(a.reshape(-1, 1, 1) * x + b.reshape(-1, 1, 1), 0), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("channels", [1, 3, W - 1, W, 2 * W + 3])
def test_there_and_back(channels, rng):
    N, H, V = 2, 3, W + 5
    x = rng.normal(size=(N, channels, H, V)).astype(np.float32)
    yb, ys = empty(N, channels, H, V)
    tasks = N * -(-channels // W) * H
    run(blocks.to_blocked, x, yb, *ys, tasks=tasks, python=False)
    assert_array_equal(plain(yb, N, channels, H, V), x)
    back = np.full_like(x, np.nan)
    run(blocks.to_plain, yb, back, *ys, tasks=tasks, python=False)
    assert_array_equal(back, x)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_channels_side_by_side(channels, rng):
    N, H, V = 2, 3, 2 * W + 5
    x = rng.normal(size=(N, channels, H, V)).astype(np.float32)
    y = np.zeros(x.size, np.float32)
    run(blocks.to_pixels, x, y, H * V * channels, V * channels, tasks=N * H, python=False)
    assert_array_equal(y.reshape(N, H, V, channels), x.transpose(0, 2, 3, 1))


def test_a_frame_is_zeroed_and_nothing_else(rng):
    full = rng.normal(size=(2, 3, 6, 8, W)).astype(np.float32)
    wanted = np.zeros_like(full)
    wanted[:, :, 1:4, 2:7] = full[:, :, 1:4, 2:7]
    y = full.reshape(-1).copy()
    args = 2, 3, 3, 5, 1, 2, 2, 1, W, 3 * 48 * W, 8 * W, 48 * W
    run(blocks.frame, y, *args, tasks=6, python=False)
    assert_array_equal(y.reshape(full.shape), wanted)


def test_images_become_columns_and_come_back(rng):
    N, D = 3, 2 * W + 3
    x = rng.normal(size=(N, D)).astype(np.float32)
    columns = np.full(3 * N * W, np.nan, np.float32)
    run(blocks.to_columns, x.reshape(-1), np.arange(0, D, W), columns, N, D, 3, tasks=3, python=False)
    assert_array_equal(columns.reshape(3, N, W)[2, :, 3:], 0)
    back = np.zeros_like(x)
    run(blocks.from_columns, columns, back, tasks=N, python=False)
    assert_array_equal(back, x)


def test_maps_are_copied(rng):
    x = rng.normal(size=(2, C, 3, 5)).astype(np.float32)
    (xb, xs), (yb, ys) = blocked(x, halo=1), empty(2, C, 3, 5)
    start = xs[1] + W
    inner = np.append(xb[start:], np.zeros(start, np.float32))
    assert len(inner) == len(xb) > SLACK
    run(blocks.copy, inner, yb, 2, 2, 3, 5, *xs, *ys, tasks=12, python=False)
    assert_array_equal(plain(yb, 2, C, 3, 5), x)
