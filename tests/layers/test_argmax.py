import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.errors import ShapeError
from protonet.net import Net
from protonet.prototxt import parse
from tests.naive.argmax import argmax
from tests.tools import layer, run

SHAPE = (3, 4, 2, 5)


def text(more=""):
    return f'type: "ArgMax" argmax_param {{ {more} }}'


def numbers(rng, shape):
    return rng.integers(0, 4, shape).astype("f")  # with many ties


@pytest.mark.parametrize("top_k", [1, 2])
@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_along_an_axis_it_gives_places_or_values(axis, top_k, rng):
    x = numbers(rng, SHAPE)
    places, values = argmax(x, top_k, axis)
    for out_max_val, expected in ("false", places), ("true", values):
        more = f"axis: {axis} top_k: {top_k} out_max_val: {out_max_val}"
        _, (y,) = run(layer(text(more), SHAPE), x)
        assert_array_equal(y.data, expected)


@pytest.mark.parametrize(("shape", "top"), [((4, 6), (4, 1, 3)), (SHAPE, (3, 1, 3, 1))])
def test_over_whole_images_it_gives_places_and_then_values(shape, top, rng):
    x = numbers(rng, shape)
    places, values = argmax(x.reshape(shape[0], -1), 3)
    _, (y,) = run(layer(text("top_k: 3"), shape), x)
    assert y.data.shape == top
    assert_array_equal(y.data.reshape(shape[0], 3), places)
    _, (y,) = run(layer(text("top_k: 3 out_max_val: true"), shape), x)
    assert y.data.shape == (top[0], 2, *top[2:])
    assert_array_equal(y.data.reshape(shape[0], 2, 3), np.stack([places, values], 1))


@pytest.mark.parametrize("shape", [(3, 700), (2, 9, 600)])
def test_nan_is_less_than_all(shape, rng):
    x = np.where(rng.random(shape) < 0.2, np.nan, numbers(rng, shape)).astype("f")
    x[-1] = np.nan
    for out_max_val in "false", "true":
        ys = []
        for top_k in 1, 2:
            _, (y,) = run(layer(text(f"axis: 1 top_k: {top_k} out_max_val: {out_max_val}"), shape), x)
            ys.append(y.data[:, :1])
        assert_array_equal(*ys)
    assert_array_equal(ys[0][0], np.nanmax(x[0], 0, keepdims=True))


def test_it_passes_no_gradient():
    assert not layer(text(), (3, 4)).trains


def test_more_than_there_are_is_refused():
    with pytest.raises(ShapeError, match="from 1 to the 108 numbers that are compared, found 500"):
        layer(text("top_k: 500"), (2, 3, 6, 6))


def test_no_numbers_have_no_largest():
    spec = "argmax_param { axis: 1 top_k: 2 }"
    data = 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 0 } } }'
    net = Net(parse.loads(f'{data} layer {{ name: "it" type: "ArgMax" bottom: "x" top: "y" {spec} }}'))
    net.forward_layers()
    assert net.blobs["y"].shape == (2, 2, 0)
