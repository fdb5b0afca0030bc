import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import ShapeError
from protonet.kernels.reductions import LINE, WIDE
from protonet.kernels.simd import W
from tests.naive.reductions import HOW, reductions
from tests.tools import layer, run


def text(kind, axes=(), keepdims=False):
    field = re.sub(r"(?<!^)(?=[A-Z])", "_", kind).lower() + "_param"
    said = " ".join(f"axis: {axis}" for axis in axes)
    return f'type: "{kind}" {field} {{ {said} keepdims: {"true" if keepdims else "false"} }}'


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axes", [(), (0,), (1,), (-1,), (1, 3), (3, 0), (2, 3), (0, 1, 2, 3), (1, 1)])
@pytest.mark.parametrize("kind", sorted(HOW))
def test_agrees_with_numpy(kind, axes, keepdims, rng):
    x = rng.normal(size=(2, 3, 4, 5))
    _, (y,) = run(layer(text(kind, axes, keepdims), x.shape, wants=[False]), x)
    expected = reductions(kind, x, set(axes), keepdims)
    assert y.data.shape == expected.shape
    assert_allclose(y.data, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("ReduceSum", [3, 12]),
        ("ReduceMean", [1, 4]),
        ("ReduceMax", [2, 5]),
        ("ReduceMin", [0, 3]),
        ("ReduceProd", [0, 60]),
    ],
)
def test_rows_by_hand(kind, expected):
    _, (y,) = run(layer(text(kind, [1]), (2, 3), wants=[False]), np.arange(6).reshape(2, 3))
    assert_allclose(y.data, expected)


@pytest.mark.parametrize("kind", ["ReduceMax", "ReduceMin"])
def test_nan_is_seen(kind):
    assert np.isnan(run(layer(text(kind), (3,), wants=[False]), [1, np.nan, 2])[1][0].data)
    columns = [[1, np.nan, 3], [4, 5, np.nan]]
    assert_array_equal(np.isnan(run(layer(text(kind, [0]), (2, 3), wants=[False]), columns)[1][0].data), [0, 1, 1])


@pytest.mark.parametrize("kind", ["ReduceMax", "ReduceMin"])
@pytest.mark.parametrize("n", [1, W - 1, W, LINE * W, LINE * W + 1, 2 * LINE * W + 2 * W + 3])
def test_the_best_is_found_wherever_it_is(kind, n, rng):
    """A row for each place; one more of nothing but the worst there is."""
    sign = 1 if kind == "ReduceMax" else -1
    x = rng.normal(size=(n + 1, n))
    x[range(n), range(n)] = 100 * sign
    x[n] = -np.inf * sign
    _, (y,) = run(layer(text(kind, [1]), x.shape, wants=[False]), x)
    assert_array_equal(y.data, [*[100 * sign] * n, -np.inf * sign])
    x[range(n), range(n)] = np.nan
    assert np.isnan(run(layer(text(kind, [1]), x.shape, wants=[False]), x)[1][0].data[:n]).all()


@pytest.mark.parametrize("rows", [1, 4, 7])
@pytest.mark.parametrize("kind", sorted(HOW))
def test_more_columns_than_a_task_has(kind, rows, rng):
    x = rng.normal(size=(2, rows, WIDE + 5))
    _, (y,) = run(layer(text(kind, [1]), x.shape, wants=[False]), x)
    assert_allclose(y.data, reductions(kind, x, {1}, False), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1)])
@pytest.mark.parametrize("kind", sorted(HOW))
def test_of_no_columns_there_are_none(kind, axes):
    _, (y,) = run(layer(text(kind, axes), (4, 3, 0, 2), wants=[False]), np.zeros((4, 3, 0, 2)))
    assert y.data.size == 0


def test_nothing_is_refused():
    with pytest.raises(ShapeError, match=r"nothing to reduce along axes \[0\] of \(0, 3\)"):
        layer(text("ReduceMax", [0]), (0, 3))
