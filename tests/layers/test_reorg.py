import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.errors import ShapeError
from tests.naive.reorg import reorg
from tests.tools import check_gradient, layer, run


def made(shape, text="stride: 2"):
    return layer(f'type: "Reorg" reorg_param {{ {text} }}', shape)


@pytest.mark.parametrize(
    ("shape", "s"), [((2, 4, 6, 4), 2), ((1, 9, 3, 6), 3), ((2, 64, 26, 26), 2), ((1, 3, 2, 2), 1)]
)
def test_agrees_with_darknets_loop(shape, s, rng):
    x = rng.normal(size=shape).astype("f")
    _, (y,) = run(made(shape, f"stride: {s}"), x)
    assert_array_equal(y.data, reorg(x, s).astype("f"))


def test_the_other_way_agrees_as_well(rng):
    x = rng.normal(size=(2, 8, 3, 2)).astype("f")
    _, (y,) = run(made(x.shape, "stride: 2 reverse: true"), x)
    assert_array_equal(y.data, reorg(x, 2, reverse=True).astype("f"))


def test_four_channels_by_hand():
    """Darknet sees one channel of 4 x 4 in what is four of 2 x 2."""
    _, (y,) = run(made((1, 4, 2, 2)), np.arange(16.0).reshape(1, 4, 2, 2))
    assert y.data.shape == (1, 16, 1, 1)
    assert_array_equal(y.data.ravel(), [0, 2, 8, 10, 1, 3, 9, 11, 4, 6, 12, 14, 5, 7, 13, 15])


@pytest.mark.parametrize("text", ["stride: 2", "stride: 2 reverse: true"])
def test_gradient(text, rng):
    check_gradient(made((2, 4, 2, 4), text), rng.normal(size=(2, 4, 2, 4)))


def test_maps_that_do_not_divide_are_refused():
    with pytest.raises(
        ShapeError, match=r"stride 2 does not fit \(1, 4, 3, 4\): 4 must divide the channels, and 2 height"
    ):
        made((1, 4, 3, 4))


def test_a_missing_stride_is_refused():
    with pytest.raises(ShapeError, match="a stride of at least 1"):
        made((1, 4, 4, 4), "")
