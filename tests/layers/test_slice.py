import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.errors import NetError, ShapeError
from tests.naive.slice import slice
from tests.tools import check_gradient, layer, run

SHAPE = (6, 4, 8, 5)


def text(tops, more=""):
    return 'type: "Slice" ' + " ".join(f'top: "y{i}"' for i in range(tops)) + f" slice_param {{ {more} }}"


@pytest.mark.parametrize(
    ("more", "axis", "parts"),
    [
        ("", 1, 2),
        ("axis: 0", 0, 3),
        ("axis: -2", 2, 4),
        ("axis: 3 slice_point: 1 slice_point: 3", 3, [1, 3]),
        ("slice_dim: 0 slice_point: 2", 0, [2]),
        ("", 1, 1),
    ],
)
def test_agrees_with_numpy(more, axis, parts, rng):
    x = rng.normal(size=SHAPE).astype("f")
    expected = slice(x, parts, axis)
    it = layer(text(len(expected), more), SHAPE)
    _, ys = run(it, x)
    for y, part in zip(ys, expected, strict=True):
        assert_array_equal(y.data, part)
    dy = rng.normal(size=SHAPE).astype("f")
    assert_array_equal(it.backward(*slice(dy, parts, axis))[0], dy)


def test_a_top_without_gradient_gives_zeros(rng):
    it = layer(text(2), SHAPE, silent={1})
    it.bottoms[0].diff[...] = 7
    it.forward(0)
    (dx,) = it.backward(1.0, None)
    assert_array_equal(dx[:, :2], 1 + 0 * dx[:, :2])
    assert_array_equal(dx[:, 2:], 0 * dx[:, 2:])


def test_gradient(rng):
    check_gradient(layer(text(2, "slice_point: 1"), (2, 3, 2)), rng.normal(size=(2, 3, 2)))


@pytest.mark.parametrize(
    ("tops", "more", "error", "says"),
    [
        (2, "slice_point: 2 slice_point: 1", ShapeError, "once between tops: 1 for 2 tops, found 2"),
        (3, "slice_point: 2 slice_point: 1", ShapeError, r"must rise from above 0 to below 4, found \[2, 1\]"),
        (2, "slice_point: 4", ShapeError, "must rise"),
        (3, "", ShapeError, "axis 1 of shape .* cannot be cut into 3 equal parts: give slice_point"),
        (2, "axis: 1 slice_dim: 1", NetError, "one thing"),
        (2, "axis: 4", ShapeError, "axis 4 is out of range"),
    ],
)
def test_cuts_that_cannot_be_made_are_refused(tops, more, error, says):
    with pytest.raises(error, match=says):
        layer(text(tops, more), SHAPE)


def test_no_images_are_cut_into_none():
    it = layer('type: "Slice" top: "a" top: "b"', (0, 4))
    assert [y.shape for y in it.forward(np.zeros((0, 4), "f"))] == [(0, 2), (0, 2)]
