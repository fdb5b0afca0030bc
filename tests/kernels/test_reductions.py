"""Columns made one: the same bits task by task, and NaN in its own column."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.kernels.reductions import MAX, MIN, PROD, SUM, TOGETHER, WIDE, columns, reduce_columns
from tests.kernels.tools import run

TWINS = {SUM: np.sum, MAX: np.max, MIN: np.min, PROD: np.prod}


@pytest.mark.parametrize("how", TWINS)
@pytest.mark.parametrize("S", [1, TOGETHER - 1, TOGETHER + 3, WIDE, WIDE + TOGETHER + 5])
def test_tasks_of_columns(how, S, rng):
    x, y = rng.normal(size=(2, 5, S)).astype("f"), np.zeros((2, S), "f")
    for at in 0, S // 2, S - 1:
        x[1, at % 5, at] = np.nan
    run(reduce_columns, x, y, how, 1.0, tasks=columns(2, S), python=False)
    assert_allclose(y, TWINS[how](x.astype("f8"), axis=1), rtol=1e-5, atol=1e-6)
    assert_array_equal(np.flatnonzero(np.isnan(y[1])), np.unique([0, S // 2, S - 1]))
