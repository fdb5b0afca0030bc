import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import DataError, NetError, ShapeError
from tests.layers.ssd.test_codes import VARIANCE, some
from tests.naive.boxes import decode
from tests.naive.multibox_loss import multibox_loss
from tests.tools import check_gradient, layer

N, P, C = 2, 24, 4


def made(text, N=N, P=P, places=1, more="", **options):
    text = f'type: "MultiBoxLoss" {more} multibox_loss_param {{ num_classes: 4 {text} }}'
    return layer(text, (N, P * 4 * places), (N, P * C), (1, 2, P * 4), (1, 1, 5, 8), **options)


def inputs(rng, N=N, P=P, places=1):
    prior = np.stack([some(rng, P), np.tile(VARIANCE, (P, 1))])
    gt = np.column_stack(
        [np.sort(rng.integers(0, N, 5)), rng.integers(1, C, 5), np.zeros(5), some(rng, 5), np.zeros(5)]
    )
    loc = rng.normal(size=(N, P * 4 * places)).astype("f")
    return loc, rng.normal(size=(N, P * C)).astype("f"), prior.reshape(1, 2, -1), gt.reshape(1, 1, 5, 8).astype("f")


@pytest.mark.parametrize("code", ["CORNER", "CENTER_SIZE", "CORNER_SIZE"])
@pytest.mark.parametrize(("threshold", "ratio", "weight"), [(0.5, 3, 1), (0.2, 0.5, 2.5)])
def test_agrees_with_one_prior_at_a_time(code, threshold, ratio, weight, rng):
    loc, conf, prior, gt = inputs(rng)
    it = made(f"code_type: {code} overlap_threshold: {threshold} neg_pos_ratio: {ratio} loc_weight: {weight}")
    (loss,) = it.forward(loc, conf, prior, gt)
    parts = loc.reshape(N, P, 4), conf.reshape(N, P, C), prior.reshape(2, P, 4), gt.reshape(5, 8).tolist()
    assert_allclose(loss, multibox_loss(*parts, code, threshold, ratio, weight=weight), rtol=1e-5)


def test_one_prior_by_hand():
    it = layer('type: "MultiBoxLoss" multibox_loss_param { num_classes: 2 }', (1, 4), (1, 2), (1, 2, 4), (1, 1, 1, 8))
    prior = [[[0, 0, 1, 1], [0.1, 0.1, 0.1, 0.1]]]
    (loss,) = it.forward([[0.5, 3, 0, 0]], [[1, 1]], prior, [[[[0, 1, 0, 0, 0, 1, 1, 0]]]])
    assert_allclose(loss, 0.125 + 2.5 + np.log(2), rtol=1e-6)
    it.tops[0].diff[...] = 2
    it.program.run(it.half)
    assert_allclose(it.bottoms[0].diff, [[1, 2, 0, 0]])
    assert_allclose(it.bottoms[1].diff, [[1, -1]], rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("code_type: CENTER_SIZE", 1),
        ("loc_loss_type: L2 loc_weight: 0.5", 1),
        ("conf_loss_type: LOGISTIC overlap_threshold: 0.3", 1),
        ("mining_type: NONE match_type: BIPARTITE", 1),
        ("mining_type: NONE share_location: false", C),
        ("mining_type: NONE share_location: false use_prior_for_matching: false conf_loss_type: LOGISTIC", C),
        ("mining_type: HARD_EXAMPLE sample_size: 5", 1),
        ("mining_type: HARD_EXAMPLE sample_size: 5 nms_param { nms_threshold: 0.5 top_k: 10 }", 1),
        ("bp_inside: true ignore_cross_boundary_bbox: true", 1),
    ],
)
def test_gradient(text, places, rng):
    xs = inputs(rng, 2, 6, places)
    check_gradient(made(text, 2, 6, places), *xs, step=2e-3, tolerance=2e-2)


def test_an_image_without_truth_counts_nothing(rng):
    loc, conf, prior, gt = inputs(rng)
    gt[..., 0] = 0
    it = made("")
    it.forward(loc, conf, prior, gt)
    it.tops[0].diff[...] = 1
    it.program.run(it.half)
    assert not it.bottoms[1].diff[1].any()
    assert it.bottoms[1].diff[0].any()


def test_no_truth_at_all_is_no_loss(rng):
    loc, conf, prior, gt = inputs(rng)
    gt[...] = -1
    assert made("").forward(loc, conf, prior, gt)[0] == 0


def test_difficult_truth_can_be_left_out(rng):
    loc, conf, prior, gt = inputs(rng)
    gt[..., :2, 7] = 1
    without = gt.copy()
    without[..., :2, 0] = -1
    mine = made("use_difficult_gt: false").forward(loc, conf, prior, gt)[0].copy()
    assert_array_equal(mine, made("").forward(loc, conf, prior, without)[0])


def test_a_part_that_is_not_propagated_is_not_counted(rng):
    xs = inputs(rng)
    down = " ".join(f"propagate_down: {yes}" for yes in ("true", "false", "false", "false"))
    both, one = made("").forward(*xs)[0].copy(), made("", more=down).forward(*xs)[0].copy()
    assert 0 < one < both


def test_hard_examples_are_few(rng):
    it = made("mining_type: HARD_EXAMPLE sample_size: 3")
    it.forward(*inputs(rng))
    it.tops[0].diff[...] = 1
    it.program.run(it.half)
    assert (it.bottoms[1].diff.reshape(N, P, C).any(-1).sum(1) <= 3).all()


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [(1, 4, "label 4, which is no class"), (1, 0, "the background"), (0, 2, "of image 2, but the batch has 2")],
)
def test_a_truth_that_cannot_be_is_told(column, value, says, rng):
    *xs, gt = inputs(rng)
    gt[..., -1, column] = value
    with pytest.raises(DataError, match=says):
        made("").forward(*xs, gt)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("neg_pos_ratio: inf", "neg_pos_ratio must be above 0, found inf"),
        ("mining_type: HARD_EXAMPLE sample_size: -1", "sample_size, .* is at least 0, found -1"),
    ],
)
def test_numbers_of_examples_that_are_none_are_refused(more, says):
    with pytest.raises(NetError, match=says):
        made(more)


def test_mining_needs_shared_locations():
    with pytest.raises(NetError, match="mining is for share_location: true; give mining_type: NONE"):
        made("share_location: false", places=C)


def test_confidences_of_other_priors_are_refused():
    with pytest.raises(
        ShapeError, match=r"expected confidences of shape \(2, 40\), 4 for each of 10 priors, found \(2, 44\)"
    ):
        layer('type: "MultiBoxLoss" multibox_loss_param { num_classes: 4 }', (2, 40), (2, 44), (1, 2, 40), (1, 1, 5, 8))


def refined(text="", bottoms=6, P=P):
    shapes = (1, P * 4), (1, P * C), (1, 2, P * 4), (1, 1, 5, 8), (1, P * 2), (1, P * 4)
    return layer(f'type: "MultiBoxLoss" multibox_loss_param {{ num_classes: 4 {text} }}', *shapes[:bottoms])


def test_a_first_stage_moves_the_priors(rng):
    loc, conf, prior, gt = inputs(rng, 1)
    moves = rng.normal(0, 0.3, (P, 4)).astype("f")
    code = "code_type: CENTER_SIZE"
    it, boxes = refined(code), prior.reshape(2, P, 4)
    (loss,) = it.forward(loc, conf, prior, gt, np.ones((1, P * 2)), moves.reshape(1, -1))
    moved = [decode("CENTER_SIZE", box, variance, move) for box, variance, move in zip(*boxes, moves, strict=True)]
    (expected,) = made(code, 1).forward(loc, conf, np.stack([moved, boxes[1]]).reshape(1, 2, -1), gt)
    assert_allclose(loss, expected, rtol=1e-4)
    assert it.bottoms[4].diff is None
    assert it.bottoms[5].diff is None


@pytest.mark.parametrize("bottoms", [5, 6])
def test_what_a_first_stage_takes_for_background_is_no_negative(bottoms, rng):
    xs = inputs(rng, 1)
    judged = np.array([[0.9, 0.05]] * P).reshape(1, -1), np.zeros((1, P * 4))
    text = "code_type: CENTER_SIZE "
    (some_,) = refined(text, bottoms).forward(*xs, *judged[: bottoms - 4]).copy()
    (few,) = refined(text + "objectness_score: 0.1", bottoms).forward(*xs, *judged[: bottoms - 4])
    (alone,) = made(text + "neg_pos_ratio: 0.01", 1).forward(*xs)
    (all_,) = made(text, 1).forward(*xs)
    assert_allclose(some_, all_, rtol=1e-5)
    assert_allclose(few, alone, rtol=1e-5)
    assert few < some_


def test_a_first_stage_of_other_priors_is_refused():
    with pytest.raises(NetError, match="a first stage goes with share_location"):
        refined("bp_inside: true")
    with pytest.raises(ShapeError, match=r"expected of the first stage shape \(1, 48\), found \(1, 50\)"):
        layer('type: "MultiBoxLoss" multibox_loss_param { num_classes: 4 }', (1, P * 4), (1, P * C), (1, 2, P * 4),
              (1, 1, 5, 8), (1, 50))  # fmt: skip
