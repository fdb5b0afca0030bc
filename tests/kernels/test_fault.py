"""Reporting bad values."""

import numpy as np
import pytest

from protonet.kernels.fault import report, told
from protonet.kernels.jit import f32, i64, kernel
from tests.kernels.tools import run

M = "M"


@kernel(out="fault")
def from_behind(x: f32[M], fault: i64[2], begin, end):
    M = x.shape[0]
    for i in range(M):
        report(fault, M - 1 - i, x[M - 1 - i])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12.75, "12.75"), (-3, "-3"), (2**31, "2147483648"), (1e30, "1e+30"), (-1e-30, "-1e-30"), (0.0, "0"),
        (np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf"),
    ],
)  # fmt: skip
def test_a_value_is_told_as_it_was(value, text):
    fault = np.zeros(2, np.int64)
    report(fault, 5, value)
    assert (fault[0], told(int(fault[1]))) == (6, text)


def test_the_lowest_index_wins():
    fault = np.zeros(2, np.int64)
    for index in 5, 7, 2, 3:
        report(fault, index, float(index))
    assert (fault[0], told(int(fault[1]))) == (3, "2")


@pytest.mark.parametrize(("value", "text"), [(-3, "-3"), (1e30, "1e+30"), (np.nan, "nan")])
def test_compiled_it_tells_the_same(value, text):
    fault = np.zeros(2, np.int64)
    run(from_behind, np.array([value, 1, 2], np.float32), fault)
    assert (fault[0], told(int(fault[1]))) == (1, text)
