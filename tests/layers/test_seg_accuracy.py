import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.errors import DataError, NetError, ShapeError
from tests.naive.seg_accuracy import seg_accuracy
from tests.tools import layer, run

SHAPE, LABEL = (2, 4, 5, 6), (2, 1, 5, 6)


def made(text="", tops=1, shape=SHAPE, label=LABEL):
    names = " ".join(f'top: "y{i}"' for i in range(tops))
    return layer(f'type: "SegAccuracy" {names} seg_accuracy_param {{ {text} }}', shape, label)


def test_agrees_with_one_pixel_at_a_time(rng):
    x, label = rng.integers(0, 3, SHAPE), rng.integers(0, 4, LABEL)
    label[0, 0, 0] = 255
    _, tops = run(made("ignore_label: 255 ignore_label: 3 output_label: 2 output_label: 0", 3), x, label)
    whole, classes = seg_accuracy(x, label, (255, 3))
    for top, expected in zip(tops, (whole, classes[2], classes[0]), strict=True):
        assert_allclose(top.data.ravel(), expected, rtol=1e-6)


def test_three_pixels_by_hand():
    x = np.array([[1, 0, 0], [0, 1, 0.5], [0, 0, 0]]).reshape(1, 3, 1, 3)
    _, (y,) = run(made(shape=(1, 3, 1, 3), label=(1, 1, 1, 3)), x, np.reshape([0, 0, 1], (1, 1, 1, 3)))
    # found 0, 1, 1: recalls 1/2 and 1; unions 1/2, 1/2, and 1 for a class that is nowhere
    assert_allclose(y.data.ravel(), [2 / 3, 3 / 4, 2 / 3], rtol=1e-6)


def test_batches_add_up_without_reset(rng):
    xs, labels = rng.normal(size=(2, *SHAPE)), rng.integers(0, 4, (2, *LABEL))
    it, again = made("reset: false"), made()
    for x, label in zip(xs, labels, strict=True):
        all_of_it, last = it.forward(x, label)[0].ravel(), again.forward(x, label)[0].ravel()
    joined = seg_accuracy(np.concatenate(xs), np.concatenate(labels))[0]
    assert_allclose(all_of_it, joined, rtol=1e-6)
    assert_allclose(last, seg_accuracy(xs[1], labels[1])[0], rtol=1e-6)


def test_one_score_is_of_the_second_of_two_classes():
    it = made(shape=(1, 1, 1, 2), label=(1, 1, 1, 2))
    assert_allclose(it.forward([[[[0.4, 0.6]]]], [[[[0, 1]]]])[0].ravel(), [1, 1, 1])


def test_a_label_that_is_no_class_is_told(rng):
    label = np.zeros(LABEL)
    label[1, 0, 2, 3] = 255
    with pytest.raises(
        DataError, match=r"label 255 at image, row, column \(1, 2, 3\) is no class: the classes are 0 to 3"
    ):
        made().forward(rng.normal(size=SHAPE), label)


def test_scores_of_no_class_are_refused():
    with pytest.raises(ShapeError, match=r"expected scores \(N, C, H, W\)"):
        made(shape=(1, 0, 1, 2), label=(1, 1, 1, 2))


def test_a_label_that_is_ignored_may_be_any(rng):
    label = np.zeros(LABEL)
    label[0, 0, 0, :3] = [255, 255.5, -7]
    it = made("ignore_label: 255 ignore_label: -7")
    assert np.isfinite(it.forward(rng.normal(size=SHAPE), label)[0]).all()


def test_labels_of_other_maps_are_refused():
    with pytest.raises(ShapeError, match=r"expected scores \(N, C, H, W\) and labels \(N, 1, H, W\)"):
        made(label=(2, 1, 5, 5))


def test_a_top_for_no_label_is_refused():
    with pytest.raises(NetError, match="has a top and one more for each output_label, expected 1"):
        made(tops=2)
