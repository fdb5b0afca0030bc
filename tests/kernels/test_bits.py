"""Scalar intrinsics and exp: compiled as in plain Python, and how exact."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.kernels.bits import bits_of_float, float_of_bits, floor, fma
from protonet.kernels.exp import exp
from protonet.kernels.jit import f32, i32, kernel
from tests.kernels.tools import run

N = "N"


@kernel(out="e f g b c")
def tried(x: f32[N], e: f32[N], f: f32[N], g: f32[N], b: i32[N], c: f32[N], begin, end):
    for i in range(begin, end):
        e[i] = exp(x[i])
        f[i] = fma(x[i], 1.5, -0.25)
        g[i] = floor(x[i])
        b[i] = bits_of_float(x[i])
        c[i] = float_of_bits(b[i])


@pytest.fixture
def made(rng):
    x = np.concatenate([np.linspace(-90, 90, 401), rng.normal(size=400), [0.0, -0.0]]).astype(np.float32)
    e, f, g, c = np.zeros((4, x.size), np.float32)
    b = np.zeros(x.size, np.int32)
    run(tried, x, e, f, g, b, c, tasks=x.size, rtol=5e-7, atol=1e-38)
    return x, e, f, g, b, c


def test_exp_is_within_2_ulp(made):
    x, e, *_ = made
    with np.errstate(over="ignore"):
        exact = np.exp(x.astype(np.float64)).astype(np.float32)
    assert np.isinf(exact).any()
    assert_array_equal(np.isinf(e), np.isinf(exact))
    finite = np.isfinite(exact)
    assert (abs(e[finite] - exact[finite]) <= 2 * np.spacing(exact[finite])).all()


def test_fma_floor_and_bits_are_numpys(made):
    x, _, f, g, b, c = made
    assert_allclose(f, x.astype(np.float64) * 1.5 - 0.25, rtol=1e-7)
    assert_array_equal(g, np.floor(x))
    assert_array_equal(b, x.view(np.int32))
    assert_array_equal(c.view(np.int32), x.view(np.int32))
