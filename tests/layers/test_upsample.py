import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.errors import DataError, ShapeError
from tests.naive.max_unpool import max_unpool
from tests.naive.upsample import upsample
from tests.tools import check_gradient, layer, run

SHAPE = (2, 3, 2, 3)


def text(more=""):
    return f'type: "Upsample" upsample_param {{ {more} }}'


@pytest.mark.parametrize(
    ("more", "high", "wide", "factor"),
    [("", 2, 2, 1), ("scale: 3", 3, 3, 1), ("scale_h: 1 scale_w: 2", 1, 2, 1), ("stride: 2 scale: 3", 2, 2, 3)],
)
def test_each_number_is_repeated(more, high, wide, factor, rng):
    x = rng.normal(size=SHAPE).astype("f")
    _, (y,) = run(layer(text(more), SHAPE), x)
    assert_array_equal(y.data, factor * upsample(x, high, wide))


@pytest.mark.parametrize(
    ("more", "size"),
    [("", (4, 6)), ("pad_out_h: true pad_out_w: true", (3, 5)), ("upsample_h: 5 upsample_w: 7", (5, 7))],
)
def test_with_a_mask_max_pooling_is_undone(more, size, rng):
    x = rng.normal(size=SHAPE).astype("f")
    mask = np.stack([rng.permutation(int(np.prod(size)))[:6] for _ in range(6)]).reshape(SHAPE)
    it = layer(text(more), SHAPE, SHAPE)
    _, (y,) = run(it, x, mask)
    assert_array_equal(y.data, max_unpool(x, mask, size))
    assert_array_equal(it.backward(y.data)[0], x)


@pytest.mark.parametrize("more", ["scale_h: 2 scale_w: 3", "stride: 2 scale: 3"])
def test_gradient(more, rng):
    check_gradient(layer(text(more), (1, 2, 2, 3)), rng.normal(size=(1, 2, 2, 3)))


def test_what_does_not_fit_is_refused():
    with pytest.raises(DataError, match=r"mask 24 \(number 0\) is no place in maps of 24 numbers"):
        layer(text(), SHAPE, SHAPE).forward(0, 24)
    with pytest.raises(ShapeError, match="and a mask of that shape"):
        layer(text(), SHAPE, (2, 3, 2, 2))
    with pytest.raises(ShapeError, match="nothing is left"):
        layer(text("scale: 0"), SHAPE)
