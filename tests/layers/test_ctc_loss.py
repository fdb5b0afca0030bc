import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.errors import DataError, NetError, ShapeError
from tests.naive.ctc_loss import ctc_loss
from tests.tools import check_gradient, layer, run

T, N, C = 5, 3, 4
LABELS = [[0, 1], [1, 1, 0], [2]]
LISTED = np.array([[0, 1, -1], [1, 1, 0], [2, -1, -1]])


def made(*shapes, text=""):
    return layer(f'type: "CTCLoss" {text}', *shapes)


def test_agrees_with_all_paths_of_images(rng):
    x = rng.normal(size=(N, C, T))
    for shape in (N, C, T), (N, C, T, 1), (N, C, 1, T):
        _, (loss,) = run(made(shape, (N, 3)), x.reshape(shape), LISTED)
        assert_allclose(loss.data, ctc_loss(x.transpose(2, 0, 1), LABELS, C - 1), rtol=1e-5)


def test_agrees_with_all_paths_of_times(rng):
    x, going = rng.normal(size=(T, N, C)), np.ones((T, N))
    going[0], going[4, 0], going[3:, 2] = 0, 0, 0
    it = made((T, N, C), (T, N), (3, N), text="ctc_loss_param { blank_index: 3 }")
    _, (loss,) = run(it, x, going, LISTED.T)
    assert_allclose(loss.data, ctc_loss(x, LABELS, 3, times=[4, 5, 3]), rtol=1e-5)


def test_another_class_may_be_blank(rng):
    x = rng.normal(size=(N, C, T))
    labels = [[1, 2], [2, 2, 3], [3]]
    listed = np.array([[1, 2, -1], [2, 2, 3], [3, -1, -1]])
    _, (loss,) = run(made((N, C, T), (N, 3), text="ctc_loss_param { blank_index: 0 }"), x, listed)
    assert_allclose(loss.data, ctc_loss(x.transpose(2, 0, 1), labels, 0), rtol=1e-5)


def test_one_label_in_two_times_by_hand():
    _, (loss,) = run(made((1, 2, 2), (1, 1)), np.zeros((1, 2, 2)), [[0]])
    assert_allclose(loss.data, -np.log(0.75), rtol=1e-6)  # of four paths, all but blank-blank


def test_no_label_is_all_blank():
    _, (loss,) = run(made((1, 2, 3), (1, 1)), np.zeros((1, 2, 3)), [[-1]])
    assert_allclose(loss.data, 3 * np.log(2), rtol=1e-6)


def test_labels_that_do_not_fit_cost_nothing(rng):
    it = made((1, 3, 2), (1, 2))
    assert it.forward(rng.normal(size=(1, 3, 2)), [[1, 1]])[0] == 0
    assert not it.backward(1)[0].any()


def test_gradient(rng):
    check_gradient(made((N, C, T), (N, 3)), rng.normal(size=(N, C, T)), LISTED)


def test_gradient_of_times(rng):
    going = np.ones((T, N))
    going[0], going[4, 0], going[3:, 2] = 0, 0, 0
    it = made((T, N, C), (T, N), (3, N))
    check_gradient(it, rng.normal(size=(T, N, C)), going, LISTED.T)
    assert not it.bottoms[0].diff[4, 0].any()


def test_long_sequences_do_not_underflow(rng):
    it = made((2, 30, 400), (2, 50))
    x, labels = rng.normal(0, 5, (2, 30, 400)), rng.integers(0, 29, (2, 50))
    assert 100 < it.forward(x, labels)[0] < 1e4
    assert np.isfinite(it.backward(1)[0]).all()


def test_a_label_that_is_no_class_is_told(rng):
    with pytest.raises(DataError, match=r"label 7 \(number 1 of the batch\) is no class: the classes are 0 to 3"):
        made((N, C, T), (N, 3)).forward(rng.normal(size=(N, C, T)), np.where(np.arange(9).reshape(3, 3) == 1, 7, 0))


def test_labels_of_other_sequences_are_refused():
    with pytest.raises(ShapeError, match="expected labels, and times, of 3 sequences"):
        made((N, C, T), (4, 3))


def test_words_that_mean_something_else_are_refused():
    with pytest.raises(NetError, match="output_delay is a fork's"):
        made((N, C, T), (N, 3), text="ctc_loss_param { output_delay: 2 }")


def test_long_and_unlikely_sequences_keep_their_loss():
    """All classes alike: of 30 ** 500 paths, those that spell 100 labels of which no two neighbours are alike are 600
    over 200."""
    steps, count, classes = 500, 100, 30
    listed = np.arange(count) % 3
    ways = sum(np.log(steps + count - i) - np.log(i + 1) for i in range(2 * count))
    _, (loss,) = run(made((1, classes, steps), (1, count)), np.zeros((1, classes, steps)), listed[None])
    assert_allclose(loss.data, steps * np.log(classes) - ways, rtol=1e-6)
