"""The kernels that measure what a machine can do do what they are counted for."""

import numpy as np
from numpy.testing import assert_allclose

from protonet.kernels import peak
from protonet.kernels.simd import W
from protonet.runtime.call import call


def test_every_sum_is_multiplied_and_added_to_so_many_times():
    y = np.full((3, peak.CHAINS * W + 5), 0.5, np.float32)
    y[1] = 0.25
    call(peak.multiply, y, 40, tasks=2)
    for row, factor in ((0, 0.5), (1, 0.25)):
        value = factor
        for _ in range(40):
            value = value * factor + factor
        assert_allclose(y[row, : peak.CHAINS * W], value, rtol=1e-6)
        assert (y[row, peak.CHAINS * W :] == factor).all()
    assert (y[2] == 0.5).all()


def test_every_number_is_read_so_many_times(rng):
    turns = 3
    x = rng.normal(size=(2, turns * peak.LINE * W)).astype(np.float32)
    y = np.full((2, peak.LINE * W), np.nan, np.float32)
    call(peak.read, x, y, 2, tasks=2)
    assert_allclose(y, x.reshape(2, turns, -1).sum(1), rtol=1e-5, atol=1e-5)
