import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from protonet.layers import rpn
from tests.naive import proposal as naive


def test_the_nine_anchors_of_faster_rcnn():
    """As its generate_anchors.py lists them."""
    found = rpn.anchors(16, (0.5, 1, 2), (8, 16, 32))
    assert_array_equal(found[:3], [[-84, -40, 99, 55], [-176, -88, 191, 103], [-360, -184, 375, 199]])
    assert_array_equal(found[3:6], [[-56, -56, 71, 71], [-120, -120, 135, 135], [-248, -248, 263, 263]])
    assert_array_equal(found[6:], [[-36, -80, 51, 95], [-80, -168, 95, 183], [-168, -344, 183, 359]])


def test_anchors_agree_with_one_at_a_time():
    ratios, scales = (0.333, 0.5, 0.667, 1, 1.5, 2, 3), (2, 3, 5, 9, 16, 32)
    assert_allclose(rpn.anchors(16, ratios, scales), naive.anchors(16, ratios, scales))


def test_places_go_by_row_by_column_by_anchor():
    boxes = np.array([[0, 0, 1, 1], [5, 5, 6, 6]], "f")
    found = rpn.everywhere(boxes, 10, 2, 3)
    assert_array_equal(found[[0, 1, 2, 6]], [[0, 0, 1, 1], [5, 5, 6, 6], [10, 0, 11, 1], [0, 10, 1, 11]])


def test_a_box_moves_by_parts_of_its_size():
    box = np.array([[10, 10, 19, 29]], "f")
    assert_allclose(rpn.moved(box, np.array([[0.5, 0, 0, 0]], "f"), 100, 100), [[15, 10, 25, 30]])
    assert_allclose(rpn.moved(box, np.array([[0, 0, np.log(2), 100]], "f"), 50, 60), [[5, 0, 25, 49]], rtol=1e-6)
