"""Winograd's forms, in two steps and in one, for rows and columns that no tile divides."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.engine import pack
from protonet.kernels import winograd
from protonet.kernels.simd import W
from protonet.kernels.winograd_forms import FORMS, planes, weights
from tests.kernels.blocked import blocked, convolved, empty, plain
from tests.kernels.tools import compiled, run


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("added", "C"), [(0, 2 * W), (1, 2 * W), (1, 2 * W - 3)])
def test_in_two_steps_and_in_one(form, added, C, rng):
    m, r = form
    N, K, H, V, blocks = 2, 3 * W, 9, 7, 2
    x, w, bias = (rng.normal(size=s).astype(np.float32) for s in ((N, C, H + r - 1, V + r - 1), (K, C, r, r), (K,)))
    w /= np.sqrt(r * r * C)
    old = rng.normal(size=(N, K, H, V)).astype(np.float32)
    down, across = -(-H // m), -(-V // m)
    padded = np.zeros((N, C, down * m + r - 1, across * m + r - 1), np.float32)
    padded[:, :, : H + r - 1, : V + r - 1] = x
    (xb, xs), (rb, rs) = blocked(padded), blocked(old)
    packed = np.ascontiguousarray(pack.transformed(w, form)).reshape(-1)
    wanted = np.maximum(convolved(x, w, bias) + added * old, 0)
    count = N * down * across
    for tiles, vectors in ((4, 2), (3, 1)):
        full = -(-count // tiles) * tiles
        v = np.full(winograd.room(form, full, blocks), np.nan, np.float32)
        compiled(winograd.TRANSFORM[form], xb, v, N, down, across, full, blocks, *xs, tasks=blocks * N * down)
        sizes, ends = (3, C, N, down, across, H, V), (*rs, added, 0.0, 0.0)
        arrays = packed, bias, bias, rb
        for piece in (full, tiles):
            yb, ys = empty(N, K, H, V)
            args = *arrays, yb, packed[:1], piece, *sizes, *ys, *ends
            tasks, private = -(-3 // vectors) * -(-count // piece), 4 * winograd.room(form, piece, vectors)
            kernel = winograd.stage("product", form, tiles, vectors)
            run(kernel, v, *args, tasks=tasks, python=False, private=private)
            assert_allclose(plain(yb, N, K, H, V), wanted, rtol=1e-3, atol=1e-4)
        yb, ys = empty(N, K, H, V)
        block = 2 * tiles
        private = 4 * (winograd.room(form, block, blocks) + winograd.room(form, block, vectors))
        arrays, tasks = (packed, bias, bias, rb, yb, packed[:1]), -(-count // block)
        run(
            winograd.stage("fused", form, tiles, vectors),
            xb,
            *arrays,
            block,
            *sizes,
            *xs,
            *ys,
            *ends,
            tasks=tasks,
            python=False,
            private=private,
        )
        assert_allclose(plain(yb, N, K, H, V), wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("form", FORMS)
def test_the_matrices_belong_together(form, rng):
    """One channel, one tile, in float64 by way of the weights of unit windows: G is what the products want."""
    r = form[1]
    units = np.eye(r * r).reshape(r * r, 1, r, r)
    assert weights(units, form).shape == (r * r, 1, planes(form))
    total = weights(np.ones((1, 1, r, r)), form)
    assert_allclose(total, weights(units, form).sum(axis=0, keepdims=True), rtol=1e-12, atol=1e-12)


def test_a_kernel_is_found_by_its_name():
    for which in ("product", "fused"):
        kernel = winograd.stage(which, (2, 3), 3, 2)
        assert winograd.named(kernel.name) is kernel
