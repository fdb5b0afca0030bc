import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.errors import NetError, ShapeError
from tests.naive.strided_slice import strided_slice
from tests.tools import layer, run

X = np.arange(60, dtype=np.float32).reshape(3, 4, 5)


def text(begin, end, stride=(), more=""):
    said = [*(f"begin: {i}" for i in begin), *(f"end: {i}" for i in end), *(f"strides: {i}" for i in stride)]
    return f'type: "StridedSlice" strided_slice_param {{ {" ".join(said)} {more} }}'


def sliced(*args):
    return run(layer(text(*args), X.shape, wants=[False]), X)[1][0].data


@pytest.mark.parametrize(
    ("begin", "end", "stride", "parts"),
    [
        ((1, 0, 2), (3, 4, 5), (), ((1, 3, 1), (0, 4, 1), (2, 5, 1))),
        ((0, 3, 4), (3, 0, 0), (2, -1, -2), ((0, 3, 2), (3, 0, -1), (4, 0, -2))),
        ((-2, -3), (99, -1), (1, 1), ((1, 3, 1), (1, 3, 1), (0, 5, 1))),
    ],
)
def test_agrees_with_the_twin(begin, end, stride, parts):
    assert_array_equal(sliced(begin, end, stride), strided_slice(X, parts))


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (((2, 1), (9, 3), (), "begin_mask: 1"), X[:9, 1:3]),
        (((0, 1), (2, 2), (), "end_mask: 2"), X[0:2, 1:]),
        (((1, 2), (2, 3), (), "shrink_axis_mask: 1"), X[1, 2:3]),
        (((1, 2, 3), (2, 3, 4), (), "shrink_axis_mask: 7"), X[1, 2, 3]),
        (((0, 0, 1), (0, 0, 3), (), "new_axis_mask: 1 ellipsis_mask: 2"), X[None, ..., 1:3]),
        (((1, 2), (4, 4), (), "axes: -1 axes: 0"), X[2:, :, 1:4]),
        (((2, 4), (-9, -9), (-1, -2), "axes: 0 axes: 2"), X[::-1, :, ::-2]),
    ],
)
def test_masks_and_axes_by_hand(args, expected):
    assert_array_equal(sliced(*args), expected)


def test_refusals():
    with pytest.raises(NetError, match="are as many, and no stride is 0"):
        layer(text((0,), (1, 2)), X.shape)
    with pytest.raises(NetError, match="ellipsis_mask has one bit at most"):
        layer(text((0, 0), (1, 1), (), "ellipsis_mask: 3"), X.shape)
    with pytest.raises(ShapeError, match="nothing of"):
        layer(text((2,), (1,)), X.shape)
    with pytest.raises(ShapeError, match="too many indices"):
        layer(text((0,) * 4, (1,) * 4), X.shape)
