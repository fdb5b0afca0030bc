import pytest
from numpy.testing import assert_array_equal

from protonet.errors import ShapeError
from tests.naive.squeeze import squeeze
from tests.tools import check_gradient, layer, run

SHAPE = (2, 1, 3, 1)


@pytest.mark.parametrize(("text", "axes"), [("", None), ("axis: 1", 1), ("axis: -1", -1), ("axis: 1 axis: 3", (1, 3))])
def test_agrees_with_numpy(text, axes, rng):
    x = rng.normal(size=SHAPE).astype("f")
    _, (y,) = run(layer(f'type: "Squeeze" squeeze_param {{ {text} }}', SHAPE), x)
    assert_array_equal(y.data, squeeze(x, axes))


def test_gradient(rng):
    check_gradient(layer('type: "Squeeze"', SHAPE), rng.normal(size=SHAPE))


def test_an_axis_of_another_size_is_refused():
    with pytest.raises(ShapeError, match=r"axis 2 of shape \(2, 1, 3, 1\) has size 3"):
        layer('type: "Squeeze" squeeze_param { axis: 2 }', SHAPE)
