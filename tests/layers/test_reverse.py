import pytest
from numpy.testing import assert_array_equal

from protonet.errors import ShapeError
from tests.naive.reverse import reverse
from tests.tools import check_gradient, layer, run


def made(axes, shape):
    return layer(f'type: "Reverse" reverse_param {{ {" ".join(f"axis: {d}" for d in axes)} }}', shape)


@pytest.mark.parametrize("axes", [(), (0,), (-1,), (1, 3), (0, 1, 2, 3), (2, 2)])
def test_agrees_with_one_number_at_a_time(axes, rng):
    x = rng.normal(size=(2, 3, 4, 5)).astype("f")
    _, (y,) = run(made(axes, x.shape), x)
    assert_array_equal(y.data, reverse(x, {d % 4 for d in axes or (0,)}).astype("f"))


def test_times_backwards_by_hand():
    _, (y,) = run(made((), (3, 2)), [[1, 2], [3, 4], [5, 6]])
    assert_array_equal(y.data, [[5, 6], [3, 4], [1, 2]])


def test_gradient(rng):
    check_gradient(made((1,), (2, 3, 4)), rng.normal(size=(2, 3, 4)))


def test_an_axis_that_is_not_there_is_refused():
    with pytest.raises(ShapeError, match="axis 2 is out of range for a 2-axis blob"):
        made((2,), (2, 3))
