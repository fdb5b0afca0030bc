import numpy as np
from numpy.testing import assert_array_equal

from protonet.layers.ssd.matching import FREE, OUTSIDE
from protonet.layers.ssd.mining import mine
from protonet.proto import caffe_pb2

MATCHES = np.array([0, FREE, FREE, OUTSIDE, FREE, FREE])
OVERLAPS = np.array([0.9, 0.1, 0.6, 0, 0.2, 0.3], "f")
LOSSES = np.array([1, 2, 9, 8, 4, 3], "f")
BOXES = np.tile(np.array([0, 0, 1, 1], "f"), (6, 1)) + np.arange(6, dtype="f")[:, None]


def spec(**given):
    return caffe_pb2.MultiBoxLossParameter(**given)


def mined(**given):
    matches, negatives = mine(spec(**given), MATCHES, OVERLAPS, LOSSES, BOXES)
    return matches.tolist(), negatives.tolist()


def test_negatives_are_the_hardest_of_those_that_touch_no_truth():
    assert mined(neg_pos_ratio=2) == (MATCHES.tolist(), [4, 5])
    assert mined(neg_pos_ratio=2, neg_overlap=0.7) == (MATCHES.tolist(), [2, 4])
    assert mined(neg_pos_ratio=100)[1] == [1, 4, 5]


def test_hard_examples_may_be_matched_or_not():
    assert mined(mining_type=2, sample_size=3) == ([FREE, FREE, FREE, OUTSIDE, FREE, FREE], [2, 4])
    assert mined(mining_type=2, sample_size=6) == (MATCHES.tolist(), [1, 2, 4, 5])


def test_what_overlaps_a_harder_one_is_passed_over():
    nms = caffe_pb2.NonMaximumSuppressionParameter(nms_threshold=0.5, top_k=10)
    close = BOXES.copy()
    close[5] = close[4]
    _, negatives = mine(spec(neg_pos_ratio=2, nms_param=nms), MATCHES, OVERLAPS, LOSSES, close)
    assert_array_equal(negatives, [1, 4])


def test_without_top_k_nms_takes_nothing():
    nms = caffe_pb2.NonMaximumSuppressionParameter(nms_threshold=0.5)
    assert mined(neg_pos_ratio=2, nms_param=nms) == (MATCHES.tolist(), [])
