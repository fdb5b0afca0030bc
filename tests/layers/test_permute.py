import pytest
from numpy.testing import assert_array_equal

from protonet.errors import ShapeError
from tests.naive.permute import permute
from tests.tools import check_gradient, layer, run


def text(order):
    return f'type: "Permute" permute_param {{ {" ".join(f"order: {axis}" for axis in order)} }}'


@pytest.mark.parametrize(
    ("shape", "order"),
    [
        ((2, 3, 4, 5), (0, 2, 3, 1)),
        ((2, 3, 4, 5), (3, 2, 1, 0)),
        ((2, 3, 4, 5), (0, 1, 2, 3)),
        ((2, 3, 4, 5), (2,)),
        ((2, 3, 4, 5), ()),
        ((1, 3, 1, 5), (2, 3, 0, 1)),
        ((2, 3), (1, 0)),
        ((2, 3, 2, 3, 2), (4, 0, 3, 1, 2)),
        ((2, 3, 2, 3, 2, 2), (5, 4, 3, 2, 1, 0)),
        ((1, 1), (1, 0)),
    ],
)
def test_agrees_with_numpy_and_back_again(shape, order, rng):
    x = rng.normal(size=shape).astype("f")
    it = layer(text(order), shape)
    _, (y,) = run(it, x)
    assert_array_equal(y.data, permute(x, order))
    assert_array_equal(it.backward(y.data)[0], x)


def test_gradient(rng):
    check_gradient(layer(text((2, 0, 1)), (2, 3, 4)), rng.normal(size=(2, 3, 4)))


@pytest.mark.parametrize("order", [(0, 4), (1, 1)])
def test_orders_that_are_none_are_refused(order):
    with pytest.raises(ShapeError, match="at most once, found"):
        layer(text(order), (2, 3, 4, 5))
