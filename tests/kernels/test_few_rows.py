"""Products with few rows, at sizes around those of vectors and of rows taken together."""

import pytest
from numpy.testing import assert_allclose

from protonet.kernels import few_rows, gemm
from tests.kernels.tools import run


@pytest.mark.parametrize("K", [1, 7, 16, 33, 200])
@pytest.mark.parametrize("N", [1, 3, 4, 67, 130])
@pytest.mark.parametrize(("mode", "M"), [(gemm.SET, 1), (gemm.ADD, 2), (gemm.BIAS, 4)])
def test_few_rows(mode, M, N, K, rng):
    a, b, bias, c = (rng.normal(size=shape).astype("f") for shape in ((M, K), (N, K), (N,), (M, N)))
    begin = {gemm.SET: 0, gemm.ADD: c.copy(), gemm.BIAS: bias}[mode]
    run(few_rows.few_rows, a, b, bias, c, mode, tasks=few_rows.tasks(N), python=False)
    assert_allclose(c, begin + a.astype("d") @ b.T, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("K", [1, 4, 6, 77])
@pytest.mark.parametrize("N", [1, 67, 1030])
@pytest.mark.parametrize(("mode", "M"), [(gemm.SET, 1), (gemm.ADD, 2), (gemm.BIAS, 4)])
def test_few_sums_and_products(mode, M, N, K, rng):
    a, b, bias, c = (rng.normal(size=shape).astype("f") for shape in ((M, K), (K, N), (N,), (M, N)))
    begin = {gemm.SET: 0, gemm.ADD: c.copy(), gemm.BIAS: bias}[mode]
    exact, d = begin + a.astype("d") @ b, c.copy()
    run(few_rows.few_sums, a, b, bias, c, mode, tasks=few_rows.columns(N), python=False)
    assert_allclose(c, exact, rtol=1e-5, atol=1e-5)
    run(few_rows.few_products, a.T.copy(), b, bias, d, mode, tasks=few_rows.tasks(M), python=False)
    assert_allclose(d, exact, rtol=1e-5, atol=1e-5)
