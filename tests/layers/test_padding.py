import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.errors import ShapeError
from tests.naive.padding import padding
from tests.tools import check_gradient, layer, run

PADS = [(1, 2), (-1, -2), (2, -1), (-3, 4), (0, 0)]


def made(beg, end, shape=(2, 3, 6, 5)):
    return layer(f'type: "Padding" padding_param {{ pad_beg: {beg} pad_end: {end} }}', shape)


@pytest.mark.parametrize(("beg", "end"), PADS)
def test_agrees_with_numpy(beg, end, rng):
    x = rng.normal(size=(2, 3, 6, 5)).astype("f")
    _, (y,) = run(made(beg, end), x)
    assert_array_equal(y.data, padding(x, beg, end))


def test_cut_before_and_pad_behind_by_hand():
    _, (y,) = run(made(-1, 1, (1, 1, 2, 2)), [[[[1, 2], [3, 4]]]])
    assert_array_equal(y.data[0, 0], [[4, 0], [0, 0]])


@pytest.mark.parametrize(("beg", "end"), PADS)
def test_gradient(beg, end, rng):
    check_gradient(made(beg, end, (1, 2, 6, 5)), rng.normal(size=(1, 2, 6, 5)))


def test_cutting_all_off_is_refused():
    with pytest.raises(ShapeError, match=r"pad_beg -3 and pad_end -2 leave nothing of \(2, 3, 6, 5\)"):
        made(-3, -2)


def test_a_vector_is_refused():
    with pytest.raises(ShapeError, match=r"expected \(N, C, H, W\), found \(3, 4\)"):
        made(1, 1, np.zeros((3, 4)).shape)
