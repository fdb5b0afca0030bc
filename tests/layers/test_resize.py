import pytest
from numpy.testing import assert_allclose

from protonet.errors import ShapeError
from tests.naive.resize import resize
from tests.tools import check_gradient, layer, run


def text(h, w):
    return f'type: "Resize" resize_param {{ height: {h} width: {w} }}'


@pytest.mark.parametrize("size", [(6, 7), (2, 9), (3, 4), (1, 1)])
def test_agrees_with_numpy(size, rng):
    x = rng.normal(size=(2, 2, 3, 4)).astype("f")
    _, (y,) = run(layer(text(*size), x.shape), x)
    assert_allclose(y.data, resize(x, size), rtol=1e-5, atol=1e-6)


def test_gradient(rng):
    check_gradient(layer(text(4, 3), (1, 2, 3, 2)), rng.normal(size=(1, 2, 3, 2)))


@pytest.mark.parametrize("shape", [(1, 2, 0, 4), (1, 2, 3, 0)])
def test_maps_with_nothing_to_read_are_refused(shape):
    with pytest.raises(ShapeError, match=r"above 0, found \(1, 2, "):
        layer(text(4, 3), shape)


def test_a_missing_size_is_refused():
    with pytest.raises(ShapeError, match=r"and a height and a width above 0, found .* and \(0, 3\)"):
        layer('type: "Resize" resize_param { width: 3 }', (1, 2, 3, 4))
