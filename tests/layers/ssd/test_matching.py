import numpy as np
from numpy.testing import assert_array_equal

from protonet.layers.ssd.matching import FREE, OUTSIDE, match
from tests.layers.ssd.test_codes import some
from tests.naive import boxes as naive
from tests.naive.multibox_loss import bipartite

A, B = [0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1]


def test_every_truth_gets_a_box_however_little_they_overlap():
    boxes = np.array([[0, 0, 0.05, 0.1], [0.4, 0.4, 0.7, 0.7], [0.5, 0.5, 0.9, 1]], "f")
    found, best = match(boxes, np.array([A, B], "f"), 0.5)
    assert_array_equal(found, [FREE, 0, 1])
    assert best[0] > 0


def test_two_truths_that_want_one_box_are_served_by_overlap():
    boxes = np.array([[0, 0, 0.5, 0.5], [0, 0, 0.5, 1]], "f")
    truths = np.array([[0, 0, 0.5, 0.6], A], "f")
    found, _ = match(boxes, truths, 2, per_prediction=False)
    assert_array_equal(found, [1, 0])


def test_other_boxes_match_from_the_threshold_on():
    boxes = np.array([A, [0, 0, 0.5, 0.25], [0, 0, 0.5, 0.2]], "f")
    found, _ = match(boxes, np.array([A], "f"), 0.5)
    assert_array_equal(found, [0, 0, FREE])  # an overlap of 0.5 is enough
    assert_array_equal(match(boxes, np.array([A], "f"), 0.5, per_prediction=False)[0], [0, FREE, FREE])


def test_boxes_outside_the_image_match_nothing():
    found, best = match(np.array([[-0.1, 0, 0.5, 0.5], A], "f"), np.array([A], "f"), 0.5, inside=True)
    assert_array_equal(found, [OUTSIDE, 0])
    assert best[0] == 0


def test_no_truth_matches_nothing():
    found, best = match(np.array([A], "f"), np.zeros((0, 4), "f"), 0.5)
    assert_array_equal(found, [FREE])
    assert_array_equal(best, [0])


def test_agrees_with_pairs_one_by_one(rng):
    boxes, truths = some(rng, 60), some(rng, 9)
    overlaps = np.array([[naive.overlap(a, b) for b in truths] for a in boxes])
    found, _ = match(boxes, truths, 0.5, per_prediction=False)
    assert {int(p): int(found[p]) for p in np.flatnonzero(found >= 0)} == bipartite(overlaps)
