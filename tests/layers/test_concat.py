import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.errors import NetError, ShapeError
from tests.naive.concat import concat
from tests.tools import check_gradient, layer, run


def shapes(axis):
    return [tuple(n if i == axis % 4 else size for i, size in enumerate((2, 3, 4, 5))) for n in (2, 1, 3)]


@pytest.mark.parametrize("axis", [0, 1, 2, 3, -1])
def test_agrees_with_numpy(axis, rng):
    xs = [rng.normal(size=shape).astype("f") for shape in shapes(axis)]
    it = layer(f'type: "Concat" concat_param {{ axis: {axis} }}', *shapes(axis))
    _, (y,) = run(it, *xs)
    assert_array_equal(y.data, concat(xs, axis))
    dy = rng.normal(size=y.data.shape).astype("f")
    assert_array_equal(concat(it.backward(dy), axis), dy)


def test_concat_dim_is_the_old_name_of_axis():
    assert layer('type: "Concat" concat_param { concat_dim: 0 }', (2, 3), (1, 3)).tops[0].data.shape == (3, 3)


def test_rows_of_many_tasks_are_whole(rng):
    xs = [rng.normal(size=(2, n)).astype("f") for n in (5000, 3, 9001)]
    _, (y,) = run(layer('type: "Concat"', *[x.shape for x in xs]), *xs)
    assert_array_equal(y.data, concat(xs))


def test_one_bottom_is_enough(rng):
    x = rng.normal(size=(2, 3)).astype("f")
    assert_array_equal(layer('type: "Concat"', x.shape).forward(x)[0], x)


def test_gradient(rng):
    check_gradient(layer('type: "Concat"', (2, 3), (2, 4)), rng.normal(size=(2, 3)), rng.normal(size=(2, 4)))


def test_other_shapes_are_refused():
    with pytest.raises(ShapeError, match=r"along axis 1 only: bottom 0 has \(2, 3, 6\), bottom 1 has \(2, 4, 4\)"):
        layer('type: "Concat"', (2, 3, 6), (2, 4, 4))


@pytest.mark.parametrize(
    ("text", "says"), [("axis: 2", "axis 2 is out of range"), ("axis: 1 concat_dim: 1", "one thing")]
)
def test_a_wrong_axis_is_refused(text, says):
    with pytest.raises(NetError, match=says):
        layer(f'type: "Concat" concat_param {{ {text} }}', (2, 3), (2, 3))


def test_no_images_are_joined_to_none():
    it = layer('type: "Concat"', (0, 3), (0, 4))
    assert it.forward(np.zeros((0, 3), "f"), np.zeros((0, 4), "f"))[0].shape == (0, 7)
    it.backward(np.zeros((0, 7), "f"))
