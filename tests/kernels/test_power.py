"""x ** p against libm's in double precision."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.kernels.jit import f32, kernel
from protonet.kernels.power import power
from tests.kernels.tools import compiled, run

N = "N"
SPECIAL = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-42, -1e-42, 3e38, -2.5, 2.0]


@kernel
def raised(x: f32[N], y: f32[N], p: f32, begin, end):
    for i in range(begin, end):
        y[i] = power(x[i], p)


@pytest.mark.parametrize("p", [0.75, -0.75, 1.7, 2.0, -1.0, 3.0, 10.5, 0.0, 0.25, -30.0])
def test_it_is_libms(p, rng):
    x = np.concatenate([SPECIAL, np.exp(rng.normal(0, 3, 500)), rng.uniform(0.9, 1.1, 500), -rng.random(50)]).astype(
        "f"
    )
    y = np.zeros_like(x)
    run(raised, x, y, p, tasks=x.size, rtol=1e-6)
    with np.errstate(all="ignore"):
        exact = (x.astype("d") ** np.float64(np.float32(p))).astype("f")
    assert_array_equal(np.isnan(y), np.isnan(exact))
    finite = np.isfinite(exact)
    assert_array_equal(y[~finite], exact[~finite])
    assert (abs(y[finite] - exact[finite]) <= np.spacing(abs(exact[finite]))).all()


def test_whole_powers_of_negative_numbers_keep_their_sign():
    x, y = np.array([-2, -2.5], "f"), np.zeros(2, "f")
    compiled(raised, x, y, 3.0, tasks=2)
    assert_array_equal(y, [-8, -15.625])
