"""MNC's Python layers that are built in, by hand and one region at a time (tests/naive/proposal.py)."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import DataError, NetError, ShapeError
from protonet.layers.published import ProposalLayer
from tests.layers.test_published import made
from tests.naive.proposal import predicted

LAYER = "python_param {{ module: 'pylayer.{}' layer: '{}' }}"
BRIDGE = LAYER.format("stage_bridge_layer", "StageBridgeLayer")
MASK = LAYER.format("mask_layer", "MaskLayer")


def computed(it, *xs):
    it.infer(*(x.shape for x in xs))
    return it.compute(*(np.asarray(x, np.float32) for x in xs))


def test_masks_become_maps(rng):
    x = rng.normal(size=(3, 441)).astype("f")
    assert_array_equal(computed(made(MASK), x)[0], x.reshape(3, 1, 21, 21))


def test_each_region_moves_as_its_class_says(rng):
    low = rng.uniform(0, 60, (7, 2))
    rois = np.column_stack([np.zeros(7), low, low + rng.uniform(5, 30, (7, 2))]).astype("f")
    deltas, scores = rng.normal(0, 0.3, (7, 12)).astype("f"), rng.uniform(size=(7, 3)).astype("f")
    (found,) = computed(made(BRIDGE, 4), rois, deltas, scores, np.array([[80, 90, 1]]))
    for r in range(7):
        k = int(scores[r].argmax())
        expected = predicted(rois[r, 1:], deltas[r, 4 * k : 4 * k + 4], 80, 90)
        assert_allclose(found[r], [0, *expected], rtol=1e-4, atol=1e-3)


def test_a_region_that_stays_grows_by_a_pixel():
    rois, info = np.array([[0, 10, 10, 19, 29]]), np.full((1, 3), 99)
    found = computed(made(BRIDGE, 4), rois, np.zeros((1, 8)), np.ones((1, 2)), info)
    assert_array_equal(found[0], [[0, 10, 10, 20, 30]])


def test_proposals_are_faster_rcnns(rng):
    text = "python_param { module: 'pylayer.proposal_layer' layer: 'ProposalLayer' param_str: \"'feat_stride': 16\" }"
    assert isinstance(made(text, 3).user, ProposalLayer)


def test_refusals():
    with pytest.raises(NetError, match="as it tests, with 1 bottoms and 1 top: found 3 and 2; to train, put MNC's lib"):
        made(MASK, 3, 2).infer(*[(2, 441)] * 3)
    with pytest.raises(ShapeError, match=r"expected masks \(R, 441\), found \(2, 400\)"):
        made(MASK).infer((2, 400))
    with pytest.raises(ShapeError, match=r"expected rois \(R, 5\), deltas \(R, 4 K\), scores \(R, K\); found"):
        made(BRIDGE, 4).infer((2, 5), (2, 8), (2, 3), (1, 3))
    with pytest.raises(DataError, match="found one of image 1"):
        computed(made(BRIDGE, 4), np.ones((1, 5)), np.zeros((1, 8)), np.ones((1, 2)), np.ones((1, 3)))
