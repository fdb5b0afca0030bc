import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.errors import DataError, NetError, ShapeError
from tests.naive.box_annotator_ohem import box_annotator_ohem
from tests.tools import layer, run


def made(R, each, text="", shapes=None):
    shapes = shapes or [(R, 5), (R, 1), (R,), (R, 8)]
    return layer(f'type: "BoxAnnotatorOHEM" box_annotator_ohem_param {{ roi_per_img: {each} {text} }}', *shapes)


def test_agrees_with_one_region_at_a_time(rng):
    rois = np.column_stack([rng.integers(0, 3, 40), rng.uniform(size=(40, 4))])
    loss, labels, weights = rng.normal(size=(40, 1)), rng.integers(1, 5, 40), rng.normal(size=(40, 8)).astype("f")
    _, tops = run(made(40, 7), rois, loss, labels, weights)
    for top, expected in zip(tops, box_annotator_ohem(rois, loss, labels, weights, 7), strict=True):
        assert_array_equal(top.data, expected)


def test_the_hardest_of_each_image_by_hand():
    rois = np.zeros((4, 5))
    rois[:, 0] = [0, 0, 1, 1]
    _, (labels, weights) = run(made(4, 1, "ignore_label: 9"), rois, [[3], [4], [1], [0]], [5, 6, 7, 8], np.ones((4, 8)))
    assert_array_equal(labels.data, [9, 6, 7, 9])
    assert_array_equal(weights.data[:, 0], [0, 1, 1, 0])


def test_regions_may_have_places(rng):
    shapes = [(2, 5, 1, 3), (2, 1, 1, 3), (2, 1, 1, 3), (2, 4, 1, 3)]
    loss = np.array([[1, 2, 3], [6, 5, 4]]).reshape(shapes[1])
    _, (labels, weights) = run(
        made(2, 2, shapes=shapes), np.zeros(shapes[0]), loss, np.full(shapes[2], 3), np.ones(shapes[3])
    )
    assert_array_equal(labels.data.reshape(2, 3), [[-1, -1, -1], [3, 3, -1]])
    assert_array_equal(weights.data[1, 0, 0], [1, 1, 0])


def test_a_region_of_no_image_is_told():
    with pytest.raises(DataError, match="region 1 is of image -1"):
        made(2, 1).forward([[0] * 5, [-1] * 5], np.ones((2, 1)), [1, 1], np.ones((2, 8)))


def test_losses_of_other_regions_are_refused():
    with pytest.raises(ShapeError, match=r"expected 4 losses, one for each region, found shape \(3, 1\)"):
        made(4, 1, shapes=[(4, 5), (3, 1), (4,), (4, 8)])


def test_no_regions_to_choose_is_refused():
    with pytest.raises(NetError, match="roi_per_img must be at least 1"):
        made(2, 0)


@pytest.mark.parametrize("shapes", [[(0, 5), (0,), (0,), (0, 8)], [(2, 5), (2,), (2,), (2, 0)]])
def test_nothing_to_weigh_is_no_matter(shapes):
    assert [top.shape for top in made(2, 1, shapes=shapes).forward(*map(np.zeros, shapes))] == shapes[2:]
