import pytest
from numpy.testing import assert_array_equal

from protonet.errors import ShapeError
from tests.naive.crop import crop
from tests.tools import check_gradient, layer, run

SHAPE = (3, 4, 6, 7)


def text(more=""):
    return f'type: "Crop" crop_param {{ {more} }}'


@pytest.mark.parametrize(
    ("more", "like", "expected", "offsets"),
    [
        ("", (3, 4, 3, 4), (3, 4, 3, 4), (0, 0, 0, 0)),
        ("offset: 1", (9, 9, 3, 4), (3, 4, 3, 4), (0, 0, 1, 1)),
        ("offset: 1 offset: 2", (3, 4, 5, 4), (3, 4, 5, 4), (0, 0, 1, 2)),
        ("axis: 1 offset: 1", (3, 3, 5, 4), (3, 3, 5, 4), (0, 1, 1, 1)),
        ("axis: 0 offset: 0 offset: 1 offset: 1 offset: 0", (2, 3, 4, 5), (2, 3, 4, 5), (0, 1, 1, 0)),
        ("axis: -1 offset: 2", (1, 1, 1, 5), (3, 4, 6, 5), (0, 0, 0, 2)),
    ],
)
def test_the_part_begins_at_the_offset(more, like, expected, offsets, rng):
    x = rng.normal(size=SHAPE).astype("f")
    it = layer(text(more), SHAPE, like)
    _, (y,) = run(it, x, 0)
    assert_array_equal(y.data, crop(x, expected, offsets))
    dx, dlike = it.backward(1.0)
    assert (dx.sum(), abs(dlike).max()) == (y.data.size, 0)
    assert_array_equal(crop(dx, expected, offsets), 1 + 0 * y.data)


def test_gradient(rng):
    it = layer(text("axis: 0 offset: 1"), (3, 4, 3), (2, 2, 1), wants=[True, False])
    check_gradient(it, rng.normal(size=(3, 4, 3)), rng.normal(size=(2, 2, 1)))


@pytest.mark.parametrize(
    ("more", "like", "says"),
    [
        ("", (3, 4, 9, 6), "a crop of 9 from 0 on does not fit axis 2 of size 6"),
        ("offset: 3", (3, 4, 3, 5), "a crop of 5 from 3 on does not fit axis 3 of size 7"),
        ("offset: 1 offset: 1 offset: 1", (3, 4, 3, 4), "once for each of the 2 cropped axes; found 3"),
        ("", (3, 4, 3), "as many axes"),
    ],
)
def test_crops_that_do_not_fit_are_refused(more, like, says):
    with pytest.raises(ShapeError, match=says):
        layer(text(more), SHAPE, like)
