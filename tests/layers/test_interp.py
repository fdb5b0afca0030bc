import pytest
from numpy.testing import assert_allclose

from protonet.errors import NetError, ShapeError
from tests.naive.interp import interp
from tests.tools import check_gradient, layer, run

SHAPE = (2, 2, 5, 7)


def text(more):
    return f'type: "Interp" interp_param {{ {more} }}'


@pytest.mark.parametrize(
    ("more", "size", "cut"),
    [
        ("height: 3 width: 9", (3, 9), (0, 0)),
        ("zoom_factor: 2", (9, 13), (0, 0)),
        ("shrink_factor: 2", (3, 4), (0, 0)),
        ("shrink_factor: 2 zoom_factor: 3", (7, 10), (0, 0)),
        ("zoom_factor: 2 pad_beg: -1 pad_end: -2", (3, 7), (1, 2)),
    ],
)
def test_agrees_with_numpy(more, size, cut, rng):
    x = rng.normal(size=SHAPE).astype("f")
    _, (y,) = run(layer(text(more), SHAPE), x)
    assert_allclose(y.data, interp(x, size, cut), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("more", ["zoom_factor: 2", "height: 2 width: 2 pad_beg: -1"])
def test_gradient(more, rng):
    check_gradient(layer(text(more), (1, 2, 3, 4)), rng.normal(size=(1, 2, 3, 4)))


@pytest.mark.parametrize(
    ("more", "error", "says"),
    [
        ("", NetError, "give the size as height and width"),
        ("height: 3", NetError, "give the size as"),
        ("height: 3 width: 3 zoom_factor: 2", NetError, "give the size as"),
        ("zoom_factor: 0", NetError, "zoom_factor is at least 1, found 0"),
        ("zoom_factor: 2 pad_beg: 1", NetError, "are 0 or less: found 1 and 0"),
        ("zoom_factor: 2 pad_beg: -5", ShapeError, "nothing is left"),
    ],
)
def test_sizes_that_are_none_are_refused(more, error, says):
    with pytest.raises(error, match=says):
        layer(text(more), SHAPE)
