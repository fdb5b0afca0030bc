import pytest
from numpy.testing import assert_array_equal

from protonet.errors import ShapeError
from tests.naive.stack import stack
from tests.tools import check_gradient, layer, run


def made(axis, *shapes):
    return layer(f'type: "Stack" stack_param {{ axis: {axis} }}', *shapes)


@pytest.mark.parametrize("axis", [0, 1, 3, -1, -4])
def test_agrees_with_one_number_at_a_time(axis, rng):
    xs = [rng.normal(size=(2, 3, 4)).astype("f") for _ in range(3)]
    _, (y,) = run(made(axis, *(x.shape for x in xs)), *xs)
    assert_array_equal(y.data, stack(xs, axis % 4).astype("f"))


def test_two_rows_by_hand():
    _, (y,) = run(made(1, (2,), (2,)), [1, 2], [3, 4])
    assert_array_equal(y.data, [[1, 3], [2, 4]])


def test_gradient(rng):
    check_gradient(made(1, (2, 3), (2, 3)), *rng.normal(size=(2, 2, 3)))


def test_refusals():
    with pytest.raises(ShapeError, match=r"the bottoms must have one shape: bottom 0 has \(2,\), bottom 1 has \(3,\)"):
        made(0, (2,), (3,))
    with pytest.raises(ShapeError, match="axis 2 is out of range for a 2-axis blob"):
        made(2, (2,), (2,))
