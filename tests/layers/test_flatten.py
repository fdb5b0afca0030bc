import pytest
from numpy.testing import assert_array_equal

from protonet.errors import NetError, ShapeError
from tests.naive.flatten import flatten
from tests.tools import check_gradient, layer, run

SHAPE = (2, 3, 4, 5)


@pytest.mark.parametrize(("axis", "end"), [(1, -1), (0, -1), (2, -1), (-1, -1), (1, 2), (-3, -2), (0, 0)])
def test_axes_become_one(axis, end, rng):
    x = rng.normal(size=SHAPE).astype("f")
    _, (y,) = run(layer(f'type: "Flatten" flatten_param {{ axis: {axis} end_axis: {end} }}', SHAPE), x)
    assert_array_equal(y.data, flatten(x, axis, end))


def test_gradient(rng):
    check_gradient(layer('type: "Flatten"', (2, 3, 2)), rng.normal(size=(2, 3, 2)))


def test_an_end_before_the_start_is_refused():
    with pytest.raises(ShapeError, match="end_axis 1 lies before axis 2"):
        layer('type: "Flatten" flatten_param { axis: 2 end_axis: 1 }', SHAPE)


def test_working_in_place_is_refused():
    with pytest.raises(NetError, match="Flatten cannot work in place"):
        layer('type: "Flatten"', SHAPE, in_place=True)
