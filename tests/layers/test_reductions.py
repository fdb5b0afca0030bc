import re

import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.errors import ShapeError
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


def test_nothing_is_refused():
    with pytest.raises(ShapeError, match=r"nothing to reduce along axes \[0\] of \(0, 3\)"):
        layer(text("ReduceMax", [0]), (0, 3))
