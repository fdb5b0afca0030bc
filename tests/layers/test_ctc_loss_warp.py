import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.errors import NetError, ShapeError
from tests.naive.ctc_loss_warp import ctc_loss_warp
from tests.tools import layer, run

T, N, C = 5, 3, 4
LISTED = np.array([[0, 1, 3], [1, 1, 0], [2, 3, 3]])


def made(text="alphabet_size: 4 time_step: 5 blank_label: 3"):
    return layer(f'type: "CtcLoss" ctc_loss_param {{ {text} }}', (T, N, C), (N, 3))


def test_agrees_with_all_paths(rng):
    x = rng.normal(size=(T, N, C))
    _, (loss,) = run(made(), x, LISTED)
    assert_allclose(loss.data, ctc_loss_warp(x, LISTED, 3), rtol=1e-5)


def test_one_label_in_two_times_by_hand():
    it = layer('type: "CtcLoss" ctc_loss_param { alphabet_size: 2 time_step: 2 blank_label: 1 }', (2, 1, 2), (1, 1))
    _, (loss,) = run(it, np.zeros((2, 1, 2)), [[0]])
    assert_allclose(loss.data, -np.log(0.75), rtol=1e-6)


def test_the_gradient_is_that_of_the_sum(rng):
    x, it = rng.normal(size=(T, N, C)), made()
    it.forward(x, LISTED)
    dx = it.backward(1)[0].copy()
    step = 1e-2 * rng.normal(size=x.shape)
    ends = [float(it.forward(x + sign * step, LISTED)[0]) for sign in (1, -1)]
    assert_allclose((dx * step).sum(), N * (ends[0] - ends[1]) / 2, rtol=1e-2)


def test_other_times_than_said_are_refused():
    with pytest.raises(ShapeError, match="expected 6 times of 4 classes, as ctc_loss_param says"):
        made("alphabet_size: 4 time_step: 6")


def test_missing_words_are_refused():
    with pytest.raises(NetError, match="alphabet_size and time_step must be at least 1"):
        made("")
