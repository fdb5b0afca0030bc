import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import ShapeError
from tests.naive.bias import bias
from tests.tools import check_gradient, layer, run

SHAPE = (2, 3, 4, 5)


@pytest.mark.parametrize(
    ("text", "axis", "shape"),
    [("", 1, (3,)), ("axis: 0", 0, (2,)), ("num_axes: 0", 1, ()), ("axis: 2 num_axes: -1", 2, (4, 5))],
)
def test_terms_are_spread_from_the_axis_on(text, axis, shape, rng):
    it, x, b = layer(f'type: "Bias" bias_param {{ {text} }}', SHAPE), rng.normal(size=SHAPE), rng.normal(size=shape)
    it.blobs[0].data[...] = b
    _, (y,) = run(it, x)
    assert_allclose(y.data, bias(x, b, axis), rtol=1e-5, atol=1e-6)


def test_terms_may_be_a_second_bottom(rng):
    x, b = rng.normal(size=SHAPE), rng.normal(size=(4, 5))
    _, (y,) = run(layer('type: "Bias" bias_param { axis: 2 }', SHAPE, b.shape), x, b)
    assert_allclose(y.data, bias(x, b, 2), rtol=1e-5, atol=1e-6)


def test_it_begins_as_the_identity(rng):
    x = rng.normal(size=(3, 4)).astype("f")
    _, (y,) = run(layer('type: "Bias"', x.shape), x)
    assert_array_equal(y.data, x)


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("second", [(), ((3,),)])
def test_gradient(second, in_place, rng):
    shapes = (2, 3, 2), *second
    check_gradient(layer('type: "Bias"', *shapes, in_place=in_place), *(rng.normal(size=s) for s in shapes))


def test_terms_of_another_shape_are_refused():
    with pytest.raises(ShapeError, match=r"shape \(4,\) do not match"):
        layer('type: "Bias"', (2, 3), (4,))
