import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import ShapeError
from tests.naive.scale import scale
from tests.tools import check_gradient, layer, run

SHAPE = (2, 3, 4, 5)
# text, shape of gamma
ONE_BOTTOM = [
    ("", (3,)),
    ("axis: 0", (2,)),
    ("axis: -1", (5,)),
    ("axis: 1 num_axes: 2", (3, 4)),
    ("axis: 1 num_axes: -1", (3, 4, 5)),
    ("axis: 0 num_axes: -1", SHAPE),
    ("num_axes: 0", ()),
]
TWO_BOTTOMS = [
    ("", (3,)),
    ("axis: 0", (2, 3)),
    ("axis: -2", (4, 5)),
    ("axis: 2", (4,)),
    ("axis: 0", SHAPE),
    ("axis: 3", ()),
]


def axis(text):
    return int(text.split()[1]) if text.startswith("axis") else 1


@pytest.mark.parametrize(("text", "shape"), ONE_BOTTOM)
def test_factors_are_spread_from_the_axis_on(text, shape, rng):
    it = layer(f'type: "Scale" scale_param {{ {text} bias_term: true }}', SHAPE)
    assert [b.data.shape for b in it.blobs] == [shape, shape]
    x, gamma, beta = (rng.normal(size=s).astype("f") for s in (SHAPE, shape, shape))
    it.blobs[0].data[...], it.blobs[1].data[...] = gamma, beta
    _, (y,) = run(it, x)
    assert_allclose(y.data, scale(x, gamma, beta, axis(text)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("text", "shape"), TWO_BOTTOMS)
def test_factors_may_be_a_second_bottom(text, shape, rng):
    x, gamma = (rng.normal(size=s).astype("f") for s in (SHAPE, shape))
    it = layer(f'type: "Scale" scale_param {{ {text} }}', SHAPE, shape)
    assert it.blobs == []
    _, (y,) = run(it, x, gamma)
    assert_allclose(y.data, scale(x, gamma, axis=axis(text)), rtol=1e-6)


def test_it_begins_as_the_identity(rng):
    x = rng.normal(size=(3, 4)).astype("f")
    _, (y,) = run(layer('type: "Scale" scale_param { bias_term: true }', x.shape), x)
    assert_array_equal(y.data, x)


def test_fillers_say_how_it_begins():
    it = layer('type: "Scale" scale_param { filler { value: 3 } bias_term: true bias_filler { value: -1 } }', (1, 2))
    _, (y,) = run(it, [[1, 2]])
    assert_array_equal(y.data, [[2, 5]])


def test_parameter_gradients_add_up_and_bottoms_are_set(rng):
    x, gamma = rng.normal(size=(4, 3)), rng.normal(size=3)
    one, two = layer('type: "Scale"', x.shape), layer('type: "Scale"', x.shape, (3,))
    one.forward(x)
    two.forward(x, gamma)
    for it in one, two:
        it.backward(1.0)
        it.program.run(it.half)
    assert_allclose(one.blobs[0].diff, 2 * x.sum(0), rtol=1e-5)
    assert_allclose(two.bottoms[1].diff, x.sum(0), rtol=1e-5)


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4)])
def test_gradient(shape, in_place, rng):
    it = layer('type: "Scale" scale_param { filler { type: "gaussian" } bias_term: true }', shape, in_place=in_place)
    check_gradient(it, rng.normal(size=shape))


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize(("text", "shape"), [("", (3,)), ("axis: 0", (2, 3)), ("", ())])
def test_gradient_of_both_bottoms(text, shape, in_place, rng):
    it = layer(f'type: "Scale" scale_param {{ {text} bias_term: true }}', (2, 3, 2), shape, in_place=in_place)
    check_gradient(it, rng.normal(size=(2, 3, 2)), rng.normal(size=shape))


def test_factors_of_another_shape_are_refused():
    with pytest.raises(ShapeError, match=r"shape \(4,\) do not match x of shape \(2, 3\) from axis 1"):
        layer('type: "Scale"', (2, 3), (4,))


@pytest.mark.parametrize(
    ("text", "says"),
    [("axis: 4", "axis 4 is out of range"), ("axis: 3 num_axes: 2", "do not fit"), ("num_axes: -2", "-1")],
)
def test_axes_that_are_not_there_are_refused(text, says):
    with pytest.raises(ShapeError, match=says):
        layer(f'type: "Scale" scale_param {{ {text} }}', SHAPE)
