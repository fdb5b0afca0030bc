import numpy as np
import pytest
from google.protobuf import text_format
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import NetError, ShapeError
from protonet.layers import TEST, make
from protonet.proto import caffe_pb2
from tests.naive import proposal as naive

RATIOS, SCALES, A = (0.5, 1, 2), (2, 4), 6
SHAPES = "ratio: 0.5 ratio: 1 ratio: 2 scale: 2 scale: 4"


def made(text, tops=2):
    sides = 'bottom: "s" bottom: "d" bottom: "i"' + "".join(f' top: "y{i}"' for i in range(tops))
    text = f'name: "p" type: "Proposal" {sides} proposal_param {{ {text} }}'
    return make(text_format.Parse(text, caffe_pb2.LayerParameter()), TEST)


def inputs(rng, N=2, H=5, W=6):
    scores = rng.permutation(N * 2 * A * H * W).reshape(N, 2 * A, H, W) / (N * 2 * A * H * W)
    deltas = rng.normal(0, 0.3, (N, 4 * A, H, W))
    info = np.array([[80, 96, 1.5], [70, 90, 1]])[:N]
    return [x.astype("f") for x in (scores, deltas, info)]


def test_agrees_with_one_anchor_at_a_time(rng):
    it, xs = made(SHAPES + " min_size: 20 pre_nms_topn: 60 post_nms_topn: 15 nms_thresh: 0.5"), inputs(rng)
    assert it.infer(*(x.shape for x in xs)) == [(30, 5), (30,)]
    rois, scores = it.compute(*xs)
    boxes, expected = naive.anchors(16, RATIOS, SCALES), []
    for n, (score, delta, info) in enumerate(zip(*xs, strict=True)):
        expected += [(n, *row) for row in naive.proposal(score, delta, info, boxes, 16, 20, 60, 15, 0.5)]
    expected = np.array(expected)
    assert_array_equal(rois[:, 0], expected[:, 0])
    assert_allclose(rois[:, 1:], expected[:, 2:], rtol=1e-4, atol=1e-3)
    assert_allclose(scores, expected[:, 1], rtol=1e-6)


def test_one_place_by_hand():
    it = made("ratio: 1 scale: 1 scale: 2 base_size: 4 feat_stride: 4 min_size: 1 nms_thresh: 0.3", 1)
    scores = np.reshape([9, 9, 0.6, 0.7], (1, 4, 1, 1)).astype("f")
    (rois,) = it.compute(scores, np.zeros((1, 8, 1, 1), "f"), np.array([[100, 100, 1]], "f"))
    # anchors [0, 0, 3, 3] and [-2, -2, 5, 5], moved to [0, 0, 4, 4] and [-2, -2, 6, 6]: they overlap by 25 / 49
    assert_array_equal(rois, [[0, 0, 0, 6, 6]])


def test_no_images_and_no_places_have_no_regions(rng):
    it = made("ratio: 1 scale: 2")
    for shapes in [((0, 2, 5, 6), (0, 4, 5, 6), (0, 3)), ((1, 2, 0, 6), (1, 4, 0, 6), (1, 3))]:
        rois, scores = it.compute(*(np.ones(shape, "f") for shape in shapes))
        assert (rois.shape, rois.dtype, scores.shape) == ((0, 5), np.float32, (0,))


def test_small_boxes_score_nothing(rng):
    _, scores = made(SHAPES + " min_size: 1000").compute(*inputs(rng))
    assert_array_equal(scores, np.zeros(len(scores)))


def test_scales_of_height_and_width_may_differ(rng):
    scores, deltas, _ = inputs(rng, 1)
    info = np.array([[80, 96, 1, 3]], "f")
    rois, found = made(SHAPES + " min_size: 10 nms_thresh: 1").compute(scores, deltas, info)
    wide = rois[:, 3] - rois[:, 1] + 1
    assert (wide[found > 0] >= 30).all()
    assert (wide[found == 0] < 30).any()


def test_anchors_without_shape_are_refused():
    with pytest.raises(NetError, match="proposal_param needs ratio and scale, above 0"):
        made("ratio: 1")


def test_scores_of_other_anchors_are_refused():
    with pytest.raises(
        ShapeError, match=r"expected scores \(N, 12, H, W\), two for each of 6 anchors, found \(1, 10, 3, 3\)"
    ):
        made(SHAPES).infer((1, 10, 3, 3), (1, 24, 3, 3), (1, 3))


@pytest.mark.parametrize("field", ["anchor_base_size: 8", "iou_threshold: 0.5"])
def test_other_forks_words_are_refused(field):
    with pytest.raises(NetError, match=f"{field.split(':')[0]} is a fork's, and Proposal does not know it here"):
        made(f"{SHAPES} {field}")
