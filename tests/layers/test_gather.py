import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.errors import NetError, ShapeError
from tests.naive.gather import gather
from tests.tools import layer, run

X = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


def text(indices, shape, axis=0):
    said = [*(f"indices: {i}" for i in indices), *(f"shape: {n}" for n in shape)]
    return f'type: "Gather" gather_param {{ {" ".join(said)} axis: {axis} }}'


@pytest.mark.parametrize(
    ("indices", "shape", "axis"),
    [((1, 0, 1), (3,), 0), ((2, 0), (2,), 1), ((3, 1, 0, 0), (2, 2), -1), ((1,), (), 1), ((2,), (1, 1), 2)],
)
def test_agrees_with_numpy(indices, shape, axis):
    _, (y,) = run(layer(text(indices, shape or (0,), axis), X.shape, wants=[False]), X)
    expected = gather(X, indices, shape, axis)
    assert y.data.shape == expected.shape
    assert_array_equal(y.data, expected)


def test_rows_by_hand():
    _, (y,) = run(layer(text((2, 0), (2,)), (3, 1), wants=[False]), [[1], [2], [3]])
    assert_array_equal(y.data, [[3], [1]])


def test_refusals():
    with pytest.raises(ShapeError, match="index 3 is outside 0 to 2, along axis 1"):
        layer(text((3,), (1,), 1), X.shape)
    with pytest.raises(NetError, match=r"shape \[3\] is not that of 2 indices"):
        layer(text((0, 1), (3,)), X.shape)
