"""Python layers that are built in: what Faster R-CNN learns, against one box at a time and by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import DataError, NetError, ShapeError
from protonet.layers import TRAIN
from tests.layers.test_published import made as python_layer
from tests.naive import proposal, rpn_targets

ANCHORS = "python_param {{ module: 'rpn.anchor_target_layer' layer: 'AnchorTargetLayer' param_str: \"{}\" }}"
REGIONS = "python_param {{ module: 'rpn.proposal_target_layer' layer: 'ProposalTargetLayer' param_str: \"{}\" }}"
TRUTH = np.array([[10, 12, 80, 70, 3], [60, 5, 140, 90, 1]], np.float32)
SMALL = "'feat_stride': 16, 'scales': [2, 4]"


def anchors(text=SMALL):
    return python_layer(ANCHORS.format(text), 4, 4, TRAIN)


def regions(text="'num_classes': 4"):
    return python_layer(REGIONS.format(text), 2, 5, TRAIN)


def computed(it, *xs):
    it.infer(*(x.shape for x in xs))
    return it.compute(*(np.asarray(x, np.float32) for x in xs))


def image(H, W, high=160, wide=200):
    return np.zeros((1, 12, H, W)), TRUTH, np.array([[high, wide, 1]]), np.zeros((1, 3, 2, 2))


def test_anchors_agree_with_one_at_a_time():
    H, W = 10, 12
    labels, targets, inside, outside = computed(anchors(SMALL + ", 'rpn_batchsize': 100000"), *image(H, W))
    boxes = proposal.anchors(16, (0.5, 1, 2), (2, 4))
    expected = rpn_targets.labels_of_anchors(boxes, H, W, 16, TRUTH, 160, 200)
    n = sum(label >= 0 for label, *_ in expected.values())
    assert labels.shape == (1, 1, 6 * H, W)
    for i, j, a in np.ndindex(H, W, 6):
        at, four = (0, 0, a * H + i, j), (0, slice(4 * a, 4 * a + 4), i, j)
        label, best, box = expected.get((i, j, a), (-1, None, None))
        assert labels[at] == label
        assert_allclose(targets[four], rpn_targets.moves(box, TRUTH[best]) if box else 0, rtol=1e-4, atol=1e-5)
        assert_array_equal(inside[four], label == 1)
        assert_allclose(outside[four], (label >= 0) / n, rtol=1e-6)
    assert {label for label, *_ in expected.values()} == {-1, 0, 1}


def test_an_anchor_that_is_its_truth_has_nothing_to_move():
    labels, targets, *_ = computed(
        anchors("'feat_stride': 16, 'scales': [1], 'ratios': [1]"), np.zeros((1, 2, 2, 2)),
        np.array([[16, 0, 31, 15, 7]]), np.array([[32, 32, 1]]), np.zeros((1, 3, 2, 2)),
    )  # fmt: skip
    assert_array_equal(labels[0, 0], [[0, 1], [0, 0]])
    assert_allclose(targets[0, :, 0, 1], 0)
    assert_allclose(targets[0, :, 0, 0], [1, 0, 0, 0])


def test_no_more_anchors_are_learned_than_the_batch_has():
    labels, _, inside, outside = computed(anchors(SMALL + ", 'rpn_batchsize': 8"), *image(10, 12))
    assert (labels == 1).sum() <= 4
    assert (labels >= 0).sum() == 8
    assert_allclose(outside.sum(), 4)
    assert inside.sum() == 4 * (labels == 1).sum()


def test_positives_weigh_their_part():
    _, _, _, outside = computed(anchors(SMALL + ", 'rpn_positive_weight': 0.75"), *image(10, 12))
    assert_allclose(outside.sum(), 4)


def test_what_is_drawn_depends_on_the_seed_and_the_iteration_alone():
    drawn = []
    for clock in (1, 0), (1, 0), (1, 1), (2, 0):
        it = anchors(SMALL + ", 'rpn_batchsize': 20")
        it.clock = clock
        drawn.append(computed(it, *image(10, 12))[0])
    assert_array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])
    assert not np.array_equal(drawn[0], drawn[3])


@pytest.mark.parametrize("truth", [np.zeros((0, 5)), [[0, 0, -1, -1, 0]]])
def test_an_image_without_objects_is_background(truth):
    x, _, info, pixels = image(10, 12)
    labels, targets, inside, _ = computed(anchors(), x, np.asarray(truth), info, pixels)
    assert set(np.unique(labels)) == {-1, 0}
    assert not targets.any()
    assert not inside.any()


def test_an_image_that_holds_no_anchor_teaches_nothing():
    labels, *rest = computed(anchors(), *image(2, 3, 8, 8))
    assert (labels == -1).all()
    assert not any(each.any() for each in rest)


def sampled(text, rois, truth):
    """The tops of a ProposalTargetLayer, without axes of 1 at their ends."""
    tops = computed(regions(text), rois, truth)
    assert all(top.shape[2:] == (1, 1) for top in tops)
    rois, labels, *rest = (top[..., 0, 0] for top in tops)
    return [rois, labels[:, 0], *rest]


def near(rng, n):
    return np.column_stack([np.zeros(n), TRUTH[rng.integers(0, 2, n), :4] + rng.uniform(-25, 25, (n, 4))])


def test_regions_agree_with_one_at_a_time(rng):
    rois = near(rng, 60).astype("f")
    found, labels, targets, inside, outside = sampled("'num_classes': 4, 'batch_size': -1", rois, TRUTH)
    expected = rpn_targets.classes_of_regions(found, TRUTH)
    assert sorted(map(tuple, found)) == sorted(
        map(tuple, np.concatenate([rois, np.column_stack([[0, 0], TRUTH[:, :4]])]).astype("f"))
    )
    for r, (label, moves) in enumerate(expected):
        wanted = np.zeros((4, 4))
        if label:
            wanted[label] = np.array(moves) / [0.1, 0.1, 0.2, 0.2]
        assert labels[r] == label
        assert_allclose(targets[r], wanted.ravel(), rtol=1e-3, atol=1e-4)
        assert_array_equal(inside[r].reshape(4, 4), np.repeat(np.arange(4)[:, None] == label, 4, 1) * (label > 0))
    assert_array_equal(outside, inside)
    assert 0 < np.count_nonzero(labels) < len(labels)


def test_a_quarter_at_most_are_objects(rng):
    rois, labels, *_ = sampled("'num_classes': 4, 'batch_size': 16", near(rng, 200), TRUTH)
    assert len(rois) == 16
    assert (labels > 0).sum() == 4
    assert (labels[:4] > 0).all()


def test_of_two_classes_the_second_stands_for_all(rng):
    _, labels, _, inside, _ = sampled("'num_classes': 2, 'batch_size': -1", near(rng, 30), TRUTH)
    assert labels.max() == 3
    assert inside.shape[1] == 8
    assert_array_equal(inside[:, 4:].all(1), labels > 0)
    assert not inside[:, :4].any()


def test_no_truth_is_all_background(rng):
    rois, labels, targets, *_ = sampled("'num_classes': 4", near(rng, 5), np.zeros((0, 5)))
    assert len(rois) == 5
    assert not labels.any()
    assert not targets.any()


@pytest.mark.parametrize(("value", "said"), [(-1, "-1"), (3, "3"), (1e30, "1e\\+30"), (2**31, "2.14748e\\+09")])
def test_a_class_that_is_none_is_told_as_it_is(value, said, rng):
    truth = TRUTH.copy()
    truth[:, 4] = value
    with pytest.raises(DataError, match=f"a truth is of class {said}, but there are 0 to 2"):
        computed(regions("'num_classes': 3"), near(rng, 5), truth)


def test_refusals(rng):
    with pytest.raises(NetError, match="param_str must say feat_stride, a whole number above 0, found"):
        computed(anchors("'stride': 16"), *image(2, 2))
    with pytest.raises(DataError, match="one image at a time, found a batch of 2"):
        computed(anchors(), np.zeros((2, 12, 2, 2)), *image(2, 2)[1:])
    with pytest.raises(ShapeError, match=r"expected truth \(G, 5\): x0, y0, x1, y1, class; found \(2, 4\)"):
        computed(regions(), near(rng, 5), TRUTH[:, :4])
    with pytest.raises(DataError, match="a truth is of class 3, but there are 0 to 2"):
        computed(regions("'num_classes': 3"), near(rng, 5), TRUTH)
    with pytest.raises(DataError, match="found one of image 1"):
        computed(regions(), near(rng, 5) + np.eye(5)[0], TRUTH)
