"""Volumes to planes in blocks and back, against numpy."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.kernels import planes
from protonet.kernels.simd import W
from tests.kernels.tools import run


@pytest.mark.parametrize("C", [W // 2, W, W + 3])
@pytest.mark.parametrize("V", [1, W - 1, W, 2 * W + 3])
def test_there_and_back(C, V, rng):
    N, D, H, before, after = 2, 3, 4, 1, 2
    blocks, count = -(-C // W), before + D + after
    x = rng.normal(size=(N, C, D, H, V)).astype(np.float32)
    y = np.full((N, count, blocks, H, V, W), 7, np.float32)
    yn, yb, yr = blocks * H * V * W, H * V * W, V * W
    inner = y.reshape(-1)[before * yn :]
    run(planes.to_planes, x, inner, count, yn, yr, yb, tasks=N * D * blocks * H, python=False)
    padded = np.zeros((N, blocks * W, D, H, V), np.float32)
    padded[:, :C] = x
    wanted = padded.reshape(N, blocks, W, D, H, V).transpose(0, 3, 1, 4, 5, 2)
    assert_array_equal(y[:, before : before + D], wanted)
    assert (np.delete(y, range(before, before + D), axis=1) == 7).all()
    back = np.zeros_like(x)
    run(planes.from_planes, inner, back, count, yn, yr, yb, tasks=N * D * blocks * H, python=False)
    assert_array_equal(back, x)
