import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.errors import DataError, NetError, ShapeError
from tests.naive.max_unpool import max_unpool
from tests.tools import layer, run

SHAPE = (2, 3, 2, 2)


def text(h=4, w=5):
    return f'type: "MaxUnPool" max_unpool_param {{ dst_h: {h} dst_w: {w} }}'


def masked(rng):
    return np.stack([rng.permutation(20)[:4] for _ in range(6)]).reshape(SHAPE)


def test_numbers_go_where_they_came_from_and_gradients_back(rng):
    x, mask = rng.normal(size=SHAPE).astype("f"), masked(rng)
    it = layer(text(), SHAPE, SHAPE)
    _, (y,) = run(it, x, mask)
    assert_array_equal(y.data, max_unpool(x, mask, (4, 5)))
    assert_array_equal(it.backward(y.data)[0], x)


@pytest.mark.parametrize(("place", "found"), [(20, "20"), (-1, "-1"), (np.nan, "nan")])
def test_a_place_outside_is_reported(place, found, rng):
    mask = masked(rng).astype("f")
    mask.flat[3] = place
    with pytest.raises(DataError, match=rf"mask {found} \(number 3\) is no place in maps of 20 numbers"):
        layer(text(), SHAPE, SHAPE).forward(0, mask)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match="x and its mask"):
        layer(text(), SHAPE, (2, 3, 2, 1))
    with pytest.raises(NetError, match="needs dst_h and dst_w"):
        layer(text(0), SHAPE, SHAPE)
