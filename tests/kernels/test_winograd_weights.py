"""Winograd's weights gradient: transform of dy, products, way back; all forms."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.kernels import conv_weights, winograd, winograd_weights
from protonet.kernels.conv_weights import INPUTS
from protonet.kernels.simd import W
from protonet.kernels.winograd_forms import FORMS, POINTS, planes
from tests.kernels.blocked import blocked
from tests.kernels.test_conv_weights import gradient
from tests.kernels.tools import run


@pytest.mark.parametrize("form", FORMS)
def test_transform(form, rng):
    (m, r), N, K, down, across = form, 2, W + 1, 2, 3
    n = m + r - 1
    dy = rng.normal(size=(N, K, down * m, across * m)).astype(np.float32)
    (yb, ys), tiles = blocked(dy), N * down * across
    d = np.full(winograd.room(form, tiles, 2), np.nan, np.float32)
    args = N, down, across, tiles, 2, *ys
    run(winograd_weights.TRANSFORM[form], yb, d, *args, tasks=2 * N * down, python=False)
    A = np.array([[float(p**j) for j in range(m)] for p in POINTS[n]] + [[0] * (m - 1) + [1]])
    squares = dy.reshape(N, K, down, m, across, m).transpose(0, 2, 4, 1, 3, 5)
    wanted = np.einsum("ap,nijkpq,bq->abknij", A, squares, A)
    wanted = wanted.reshape(planes(form), K, tiles)
    got = d.reshape(planes(form), -1)[:, : 2 * tiles * W].reshape(planes(form), 2, tiles, W)
    got = got.transpose(0, 1, 3, 2).reshape(planes(form), 2 * W, tiles)[:, :K]
    assert_allclose(got, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("C", "vecs", "many", "much"), [(W, 1, 1, 1), (W + 1, 4, 3, 2), (2 * W, 5, 2, 1)])
def test_gradient(form, C, vecs, many, much, rng):
    (m, r), N, K, down, across = form, 2, vecs * W, 2, 3
    x = rng.normal(size=(N, C, down * m + r - 1, across * m + r - 1)).astype(np.float32)
    dy = rng.normal(size=(N, K, down * m, across * m)).astype(np.float32)
    (xb, xs), (yb, ys), tiles, blocks, T = blocked(x), blocked(dy), N * down * across, -(-C // W), r * r
    v, d = (np.full(winograd.room(form, tiles, n), np.nan, np.float32) for n in (blocks, vecs))
    run(winograd.TRANSFORM[form], xb, v, N, down, across, tiles, blocks, *xs, tasks=blocks * N * down, python=False)
    take = winograd_weights.TRANSFORM[form]
    run(take, yb, d, N, down, across, tiles, vecs, *ys, tasks=vecs * N * down, python=False)
    parts, sides = -(-C // INPUTS), conv_weights.sides(vecs)
    places = parts * INPUTS * T
    sums = np.full(vecs * places * W, np.nan, np.float32)
    kernel = winograd_weights.products(form, vecs, sides)
    private = many * much * winograd_weights.room(form, -(-vecs // sides))
    tasks = -(-parts // many) * -(-sides // much)
    args = blocks, vecs, parts, sides, tiles, many, much
    run(kernel, v, d, sums, *args, tasks=tasks, python=False, private=private)
    dw = np.zeros((1, K, C * T), np.float32)
    run(conv_weights.collect, sums, np.arange(C * T), dw, 1, sides, places, tasks=vecs, python=False)
    wanted = gradient(x, dy, (r, r), 1)
    assert_allclose(dw.reshape(wanted.shape), wanted, rtol=1e-3, atol=1e-3 if m + r > 7 else 2e-4)


def test_a_kernel_is_found_by_its_name():
    kernel = winograd_weights.products((4, 3), 5, 2)
    assert winograd_weights.named(kernel.name) is kernel
