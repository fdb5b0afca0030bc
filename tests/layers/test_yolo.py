import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from protonet.layers import yolo
from tests.naive import yolo as naive


def test_boxes_agree_with_one_cell_at_a_time(rng):
    x, biases = rng.normal(size=(2, 3 * 7, 4, 4)), rng.uniform(0.1, 0.5, (3, 2))
    found = yolo.centered(yolo.split(x.astype("f"), 3), biases)
    cells = x.reshape(2, 3, 7, 4, 4)
    for n, i, j, a in np.ndindex(2, 4, 4, 3):
        assert_allclose(found[n, i, j, a], naive.box(cells[n, a, :, i, j], i, j, 4, biases[a]), rtol=1e-5)


def test_a_box_that_overlaps_by_just_the_threshold_goes():
    boxes = np.array([[0, 0, 2, 1], [0, 0, 1, 1], [5, 5, 6, 6]], "f")
    assert_array_equal(yolo.kept(boxes, np.array([0.9, 0.8, 0.95]), 0.5), [2, 0])
    assert_array_equal(yolo.kept(boxes, np.array([0.9, 0.8, 0.95]), 0.51), [2, 0, 1])


def test_large_numbers_do_not_overflow():
    x = np.array([-1e4, 0, 1e4], "f")
    assert_allclose(yolo.sigmoid(x), [0, 0.5, 1], atol=1e-30)
    assert_allclose(yolo.softmax(x), [0, 0, 1])
