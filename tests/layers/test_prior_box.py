from math import sqrt

import pytest
from numpy.testing import assert_allclose

from protonet.errors import NetError
from tests.naive.prior_box import prior_box
from tests.tools import layer, run

MAPS, IMAGE = (1, 2, 3, 4), (1, 3, 30, 40)


def text(more):
    return f'type: "PriorBox" prior_box_param {{ {more} }}'


def boxes(more):
    it = layer(text(more), MAPS, IMAGE)
    _, (y,) = run(it, 0, 0)
    assert not it.trains
    return y.data.reshape(2, -1)


@pytest.mark.parametrize(
    ("more", "sizes", "how"),
    [
        ("min_size: 8", [(8, 8)], {}),
        ("min_size: 8 max_size: 15", [(8, 8), (sqrt(120), sqrt(120))], {}),
        ("min_size: 8 aspect_ratio: 4", [(8, 8), (16, 4), (4, 16)], {}),
        ("min_size: 8 aspect_ratio: 4 flip: false", [(8, 8), (16, 4)], {}),
        ("min_size: 8 aspect_ratio: 1 aspect_ratio: 4 aspect_ratio: 4", [(8, 8), (16, 4), (4, 16)], {}),
        ("min_size: 4 min_size: 9", [(4, 4), (9, 9)], {}),
        ("min_size: 20 clip: false", [(20, 20)], {"clip": False}),
        ("min_size: 8 step: 7 offset: 0", [(8, 8)], {"step": (7, 7), "offset": 0}),
        ("min_size: 8 step_h: 7 step_w: 9", [(8, 8)], {"step": (7, 9)}),
        ("min_size: 8 img_size: 50", [(8, 8)], {"image": (50, 50)}),
        ("min_size: 8 img_h: 20 img_w: 60", [(8, 8)], {"image": (20, 60)}),
    ],
)
def test_boxes_are_those_of_plain_python(more, sizes, how):
    expected = prior_box(MAPS[2:], **{"image": IMAGE[2:], "sizes": sizes} | how)
    assert_allclose(boxes(more)[0], expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", [0.1] * 4),
        ("variance: 0.3", [0.3] * 4),
        ("variance: .1 variance: .2 variance: .3 variance: .4", [0.1, 0.2, 0.3, 0.4]),
    ],
)
def test_below_lie_the_variances(more, expected):
    assert_allclose(boxes(f"min_size: 8 {more}")[1].reshape(-1, 4), [expected] * 12, rtol=1e-6)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("", "min_size is given at least once"),
        ("min_size: 8 max_size: 9 max_size: 10", "found 2 for 1"),
        ("min_size: 8 max_size: 8", "must be above its min_size, found 8 for 8"),
        ("min_size: 8 variance: 1 variance: 1", "variance is given once, or four times"),
        ("min_size: 8 img_size: 3 img_h: 4", "img_size, or img_h and img_w"),
        ("min_size: 8 step: 3 step_h: 4", "step, or step_h and step_w"),
        ("min_size: 8 density: 2", "density is a fork's"),
    ],
)
def test_boxes_that_cannot_be_made_are_refused(more, says):
    with pytest.raises(NetError, match=says):
        layer(text(more), MAPS, IMAGE)
