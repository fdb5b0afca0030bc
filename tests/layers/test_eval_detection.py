import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import DataError, NetError, ShapeError
from tests.naive.eval_detection import eval_detection
from tests.tools import layer, run

BIASES, SIDE, CLASSES = [1, 1.5, 2.5, 2], 4, 3
WORDS = "".join(f" biases: {b}" for b in BIASES) + f" side: {SIDE} num_class: {CLASSES} num_object: 2"


def made(text="nms: 0.45", N=2, words=WORDS):
    return layer(f'type: "EvalDetection" eval_detection_param {{ {words} {text} }}', (N, 16, SIDE, SIDE), (N, 30 * 5))


def truths(rng, N=2):
    rows = np.zeros((N, 30, 5))
    rows[:, :6] = np.concatenate(
        [rng.integers(0, CLASSES, (N, 6, 1)), rng.uniform(0.2, 0.8, (N, 6, 2)), rng.uniform(0.2, 0.6, (N, 6, 2))], 2
    )
    return rows


def test_agrees_with_one_box_at_a_time(rng):
    x, rows = rng.normal(size=(2, 16, SIDE, SIDE)), truths(rng)
    _, (y,) = run(made("nms: 0.45 threshold: 0.3"), x, rows.reshape(2, -1))
    for n in range(2):
        counts, boxes = eval_detection(x[n], rows[n, :6].tolist(), BIASES, CLASSES, 0.3, 0.45)
        assert_array_equal(y.data[n, :CLASSES], counts)
        found = y.data[n, CLASSES:].reshape(-1, 4)
        assert_allclose(found[: len(boxes)], boxes, rtol=1e-4)
        assert not found[len(boxes) :].any()


def test_one_box_by_hand():
    words = "biases: 1 biases: 1 side: 1 num_class: 2 num_object: 1"
    it = layer(f'type: "EvalDetection" eval_detection_param {{ {words} nms: 0.5 }}', (1, 7, 1, 1), (1, 2, 5))
    x = np.reshape([0, 0, 0, 0, 100, 0, np.log(3)], (1, 7, 1, 1))
    for label, row in ((1, [1, 0.75, 1, 0]), (0, [1, 0.75, 0, 1])):
        _, (y,) = run(it, x, [[[label, 0.5, 0.5, 1, 0.9], [0] * 5]])
        assert_allclose(y.data, [[1 - label, label, *row]], rtol=1e-5)


def test_rows_of_eight_say_the_same():
    """SSD's rows: image, label from 1, instance, corners, difficult."""
    words = "biases: 1 biases: 1 side: 1 num_class: 2 num_object: 1"
    it = layer(f'type: "EvalDetection" eval_detection_param {{ {words} nms: 0.5 }}', (1, 7, 1, 1), (1, 1, 2, 8))
    rows = [[0, 2, 0, 0, 0.05, 1, 0.95, 0], [-1] * 8]
    _, (y,) = run(it, np.reshape([0, 0, 0, 0, 100, 0, np.log(3)], (1, 7, 1, 1)), [[rows]])
    assert_allclose(y.data, [[0, 1, 1, 0.75, 1, 0]], rtol=1e-5)


@pytest.mark.parametrize(("kind", "score"), [("OBJ", 1), ("PROB", 0.75), ("MULTIPLY", 0.75)])
def test_scores(kind, score):
    words = f"biases: 1 biases: 1 side: 1 num_class: 2 num_object: 1 nms: 0.5 score_type: {kind}"
    it = layer(f'type: "EvalDetection" eval_detection_param {{ {words} }}', (1, 7, 1, 1), (1, 2, 5))
    _, (y,) = run(it, np.reshape([0, 0, 0, 0, 100, 0, np.log(3)], (1, 7, 1, 1)), np.zeros((1, 2, 5)))
    assert_allclose(y.data[0, 3], score, rtol=1e-5)


def test_a_class_that_is_none_is_told(rng):
    rows = truths(rng)
    rows[0, 0, 0] = CLASSES
    with pytest.raises(DataError, match="a truth has class 3: the classes are 0 to 2"):
        made().forward(rng.normal(size=(2, 16, SIDE, SIDE)), rows.reshape(2, -1))


def test_no_nms_is_refused():
    with pytest.raises(NetError, match="nms, the overlap from which a worse box goes, must be given"):
        made("")


@pytest.mark.parametrize("more", ["side: 0", "num_class: 0"])
def test_nothing_to_judge_is_refused(more):
    words = f"{{ biases: 1 biases: 1 num_object: 1 nms: 0.5 {more} }}"
    with pytest.raises(NetError, match="side and num_class must be at least 1, found"):
        layer(f'type: "EvalDetection" eval_detection_param {words}', (1, 7, 0, 0), (1, 2, 5))


def test_other_maps_are_refused():
    with pytest.raises(ShapeError, match="expected a map"):
        layer(f'type: "EvalDetection" eval_detection_param {{ {WORDS} nms: 0.4 }}', (2, 16, 3, 4), (2, 150))
