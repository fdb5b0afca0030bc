import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.errors import DataError, NetError, ShapeError
from tests.naive.region_loss import region_loss
from tests.tools import layer, run

BIASES, SIDE, CLASSES, N = [1, 1.5, 2.5, 2], 4, 3, 2
WORDS = "".join(f" biases: {b}" for b in BIASES) + f" side: {SIDE} num_class: {CLASSES} num: 2"
SCALES = "object_scale: 5 noobject_scale: 1 class_scale: 2 coord_scale: 1.5"
MAP = (N, 2 * (5 + CLASSES), SIDE, SIDE)


def made(text=SCALES, truth=(N, 30, 5)):
    return layer(f'type: "RegionLoss" region_loss_param {{ {WORDS} {text} }}', MAP, truth)


def truths(rng, count=3):
    parts = (
        rng.integers(0, CLASSES, (N, count, 1)),
        rng.uniform(0.2, 0.8, (N, count, 2)),
        rng.uniform(0.2, 0.6, (N, count, 2)),
    )
    return np.concatenate(parts, 2)


def padded(rows):
    return np.concatenate([rows, np.zeros((N, 30 - rows.shape[1], 5))], 1)


@pytest.mark.parametrize(
    ("text", "options"), [("", {}), ("rescore: 0 bias_match: 0", dict(rescore=False, bias_match=False))]
)
def test_agrees_with_darknets_loops(text, options, rng):
    x, rows = rng.normal(size=MAP), truths(rng)
    it = made(f"{SCALES} thresh: 0.3 {text}")
    _, (loss,) = run(it, x, padded(rows))
    expected, delta = region_loss(x, rows.tolist(), BIASES, CLASSES, (5, 1, 2, 1.5), 0.3, **options)
    assert_allclose(loss.data, expected, rtol=1e-4)
    assert_allclose(it.backward(3)[0], 3 * delta / N, rtol=1e-3, atol=1e-5)


def test_one_cell_by_hand():
    words = "biases: 1 biases: 1 side: 1 num_class: 2 num: 1 object_scale: 5 rescore: 0 class_scale: 1 coord_scale: 1"
    it = layer(f'type: "RegionLoss" region_loss_param {{ {words} }}', (1, 7, 1, 1), (1, 1, 5))
    _, (loss,) = run(it, np.zeros((1, 7, 1, 1)), [[[1, 0.75, 0.5, 1, 1]]])
    # x is 1/4 off, by a slope of 1/4; an object is 1/2 off, by 5 / 4; each class is 1/2 off
    delta = [-1 / 16, 0, 0, 0, -5 / 8, 0.5, -0.5]
    assert_allclose(loss.data, np.square(delta).sum())
    assert_allclose(it.backward(1)[0].ravel(), delta, atol=1e-7)


def test_rows_of_ssd_say_the_same(rng):
    x, rows = rng.normal(size=MAP), truths(rng)
    low, high = rows[..., 1:3] - rows[..., 3:] / 2, rows[..., 1:3] + rows[..., 3:] / 2
    listed = np.concatenate(
        [
            np.broadcast_to(np.arange(N)[:, None, None], (N, 3, 1)),
            rows[..., :1] + 1,
            0 * rows[..., :1],
            low,
            high,
            0 * rows[..., :1],
        ],
        2,
    )
    listed = np.concatenate([listed.reshape(-1, 8), [[-1] * 8]])[None, None]
    ours = made(truth=listed.shape).forward(x, listed)[0]
    assert_allclose(ours, made().forward(x, padded(rows))[0], rtol=1e-4)


def test_no_truth_leaves_what_is_no_object(rng):
    x = rng.normal(size=MAP)
    assert_allclose(
        made().forward(x, np.zeros((N, 30, 5)))[0],
        region_loss(x, [[]] * N, BIASES, CLASSES, (5, 1, 2, 1.5), 0.2)[0], rtol=1e-4,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [(0, 3, "has class 3"), (1, 1.5, "no box in the image"), (3, -0.1, "no box in the image")],
)
def test_a_truth_that_cannot_be_is_told(column, value, says, rng):
    rows = truths(rng)
    rows[1, 1, column] = value
    with pytest.raises(DataError, match=says):
        made().forward(rng.normal(size=MAP), padded(rows))


def test_other_maps_are_refused():
    with pytest.raises(ShapeError, match=r"expected a map \('N', 16, 4, 4\), for 2 anchors, found \(2, 16, 4, 5\)"):
        layer(f'type: "RegionLoss" region_loss_param {{ {WORDS} }}', (2, 16, 4, 5), (2, 30, 5))


def test_a_side_of_nothing_is_refused():
    with pytest.raises(NetError, match="side, the rows and columns of the map, must be at least 1, found 0"):
        layer(
            'type: "RegionLoss" region_loss_param { num_class: 2 num: 1 biases: 1 biases: 2 side: 0 }',
            (1, 7, 0, 0),
            (1, 5),
        )


def test_missing_anchors_are_refused():
    with pytest.raises(NetError, match="biases are the width and height, above 0, of 5 anchors; found 0"):
        layer('type: "RegionLoss"', MAP, (N, 30, 5))
