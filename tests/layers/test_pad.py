import pytest
from numpy.testing import assert_array_equal

from protonet.errors import ShapeError
from tests.naive.pad import pad
from tests.tools import check_gradient, layer, run

TEXT = 'type: "Pad" pad_param { pad_u: 1 pad_d: 2 pad_r: 3 pad_value: 0.5 }'


def test_agrees_with_numpy(rng):
    x = rng.normal(size=(2, 3, 4, 5)).astype("f")
    _, (y,) = run(layer(TEXT, x.shape), x)
    assert_array_equal(y.data, pad(x, 1, 2, 0, 3, 0.5))


def test_no_frame_leaves_the_maps_as_they_are(rng):
    x = rng.normal(size=(2, 3, 4, 5)).astype("f")
    assert_array_equal(layer('type: "Pad"', x.shape).forward(x)[0], x)


def test_gradient(rng):
    check_gradient(layer(TEXT, (2, 1, 3, 2)), rng.normal(size=(2, 1, 3, 2)))


def test_other_than_four_axes_are_refused():
    with pytest.raises(ShapeError, match=r"expected \(N, C, H, W\), found \(2, 3\)"):
        layer(TEXT, (2, 3))
