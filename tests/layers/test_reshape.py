import pytest
from numpy.testing import assert_array_equal

from protonet.errors import NetError, ShapeError
from tests.naive.reshape import reshape
from tests.tools import check_gradient, layer, run

SHAPE = (2, 3, 4, 5)


def text(dims, more=""):
    return f'type: "Reshape" reshape_param {{ {more} shape {{ {" ".join(f"dim: {n}" for n in dims)} }} }}'


@pytest.mark.parametrize(
    ("dims", "more", "expected"),
    [
        ((0, -1), "", (2, 60)),
        ((0, 0, -1), "", (2, 3, 20)),
        ((6, 20), "", (6, 20)),
        ((4, -1), "axis: 1", (2, 4, 15)),
        ((-1,), "axis: 1 num_axes: 2", (2, 12, 5)),
        ((1,), "axis: 1 num_axes: 0", (2, 1, 3, 4, 5)),
        ((1, 1), "axis: -1 num_axes: 0", (2, 3, 4, 5, 1, 1)),
        ((-1,), "axis: -3", (2, 3, 20)),
        ((), "axis: 4", SHAPE),
        ((0, 0, 0, 0), "", SHAPE),
    ],
)
def test_axes_are_replaced(dims, more, expected, rng):
    x = rng.normal(size=SHAPE).astype("f")
    _, (y,) = run(layer(text(dims, more), SHAPE), x)
    assert_array_equal(y.data, reshape(x, expected))


def test_gradient(rng):
    check_gradient(layer(text((-1, 2)), (2, 3, 2)), rng.normal(size=(2, 3, 2)))


@pytest.mark.parametrize(
    ("dims", "more", "says"),
    [
        ((5, 7), "", r"\(2, 3, 4, 5\) has 120 elements, but \(5, 7\) 35"),
        ((-1, -1), "", "at most one dim is -1"),
        ((-2, 3), "", "found -2"),
        ((7, -1), "", "120 is no multiple of 7"),
        ((1, 1, 1, 1, 0), "", "dim 4 is 0, to keep axis 4"),
        ((1,), "axis: 5", "axis 5 is out of range .* use -5 to 4"),
        ((1,), "axis: 2 num_axes: 3", "num_axes 3 from axis 2 on"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(dims, more, says):
    with pytest.raises(ShapeError, match=says):
        layer(text(dims, more), SHAPE)


def test_working_in_place_is_refused():
    with pytest.raises(NetError, match="Reshape cannot work in place"):
        layer(text((0, -1)), SHAPE, in_place=True)
