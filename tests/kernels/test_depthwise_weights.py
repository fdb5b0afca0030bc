"""The weights' gradient of depthwise convolutions: windows, strides, dilations, odd maps; packing."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.engine import pack
from protonet.kernels import depthwise_weights
from protonet.kernels.simd import W
from tests.kernels.blocked import blocked
from tests.kernels.tools import run

CASES = [(3, 3, 1, 1), (3, 3, 2, 1), (5, 5, 1, 1), (2, 3, 1, 2), (1, 4, 3, 1)]  # kernel, stride, dilation along a row


@pytest.mark.parametrize(("kh", "kw", "stride", "dilation"), CASES)
@pytest.mark.parametrize(("C", "OH", "OV"), [(W, 3, 8), (W + 3, 2, 7), (1, 1, 1)])
def test_gradient(kh, kw, stride, dilation, C, OH, OV, rng):
    N, blocks = 3, -(-C // W)
    H, V = (OH - 1) * stride + kh, (OV - 1) * stride + dilation * (kw - 1) + 1
    x, dy = (rng.normal(size=s).astype(np.float32) for s in ((N, C, H, V), (N, C, OH, OV)))
    (xb, xs), (yb, ys) = blocked(x), blocked(dy)
    sums = np.full(N * blocks * kh * kw * W, np.nan, np.float32)
    args = kh, xs[1], N, blocks, OH, OV, xs[0], stride * xs[1], xs[2], *ys
    run(depthwise_weights.weights(kw, stride, dilation), xb, yb, sums, *args, tasks=N * blocks, python=False)
    before = rng.normal(size=(C, kh * kw)).astype(np.float32)
    dw = before.copy()
    run(depthwise_weights.collect, sums, dw, N, tasks=blocks)
    wanted = np.zeros((C, kh, kw))
    for i in range(kh):
        for j in range(kw):
            at = j * dilation
            seen = x[:, :, i : i + OH * stride : stride, at : at + OV * stride : stride]
            wanted[:, i, j] = (dy.astype(np.float64) * seen).sum((0, 2, 3))
    assert_allclose(dw - before, wanted.reshape(C, -1), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("C", [W, 2 * W + 3, 1])
@pytest.mark.parametrize("k", [3, 5])
@pytest.mark.parametrize("back", [False, True])
def test_pack(C, k, back, rng):
    w = rng.normal(size=(C, 1, k, k)).astype(np.float32)
    wanted = pack.depthwise(w[..., ::-1, ::-1] if back else w)
    a = np.full(wanted.size, np.nan, np.float32)
    run(depthwise_weights.pack, w.reshape(C, -1), a, back, tasks=wanted.shape[0], python=False)
    assert_array_equal(a.reshape(wanted.shape), wanted)


def test_a_kernel_is_found_by_its_name():
    kernel = depthwise_weights.weights(3, 2)
    assert depthwise_weights.named(kernel.name) is kernel
