import pytest
from numpy.testing import assert_array_equal

from protonet.errors import ShapeError
from tests.naive.unsqueeze import unsqueeze
from tests.tools import check_gradient, layer, run


@pytest.mark.parametrize(
    ("text", "axes"), [("dim: 1", [1]), ("axis: 0", [0]), ("axis: -1", [-1]), ("axis: 0 axis: 3", [0, 3])]
)
def test_agrees_with_numpy(text, axes, rng):
    x = rng.normal(size=(2, 3)).astype("f")
    _, (y,) = run(layer(f'type: "Unsqueeze" unsqueeze_param {{ {text} }}', x.shape), x)
    assert_array_equal(y.data, unsqueeze(x, axes))


def test_gradient(rng):
    check_gradient(layer('type: "Unsqueeze" unsqueeze_param { dim: 1 }', (2, 3)), rng.normal(size=(2, 3)))


@pytest.mark.parametrize("text", ["", "axis: 3", "axis: 1 axis: 1"])
def test_axes_that_are_none_are_refused(text):
    with pytest.raises(ShapeError, match="expected axes of the top"):
        layer(f'type: "Unsqueeze" unsqueeze_param {{ {text} }}', (2, 3))
