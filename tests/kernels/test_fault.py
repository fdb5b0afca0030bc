"""Reporting bad values."""

import numpy as np
import pytest

from protonet.kernels.fault import NAN, report


@pytest.mark.parametrize(
    ("value", "word"), [(12.7, 12), (-3, -3), (np.nan, NAN), (np.inf, 9 * 10**18), (-np.inf, -9 * 10**18)]
)
def test_a_value_is_reported_as_a_word(value, word):
    fault = np.zeros(2, np.int64)
    report(fault, 5, value)
    assert list(fault) == [6, word]


def test_the_lowest_index_wins():
    fault = np.zeros(2, np.int64)
    for index in 5, 7, 2, 3:
        report(fault, index, float(index))
    assert list(fault) == [3, 2]
