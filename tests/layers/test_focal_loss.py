import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.errors import DataError, NetError
from tests.naive.focal_loss import focal_loss
from tests.naive.softmax_loss import softmax_loss
from tests.tools import check_gradient, layer, run

SHAPE, LABEL = (4, 5, 3), (4, 3)


def made(text="", **options):
    return layer(f'type: "FocalLoss" {text}', SHAPE, LABEL, **options)


@pytest.mark.parametrize(
    ("text", "alpha", "gamma"), [("", 0.25, 2), ("alpha: 1 gamma: 0.5", 1, 0.5), ("gama: 3", 0.25, 3)]
)
def test_agrees_with_one_label_at_a_time(text, alpha, gamma, rng):
    x, label = rng.normal(0, 3, SHAPE), rng.integers(0, 5, LABEL)
    _, (loss,) = run(made(f"focal_loss_param {{ {text} }}"), x, label)
    assert_allclose(loss.data, focal_loss(x, label, alpha, gamma), rtol=1e-4)


def test_an_even_chance_by_hand():
    _, (loss,) = run(layer('type: "FocalLoss"', (1, 2), (1,)), [[7, 7]], [1])
    assert_allclose(loss.data, 0.25 * 0.25 * np.log(2), rtol=1e-6)


def test_without_focus_it_is_softmax_loss(rng):
    x, label = rng.normal(size=SHAPE), rng.integers(0, 5, LABEL)
    _, (loss,) = run(made("focal_loss_param { alpha: 1 gamma: 0 }"), x, label)
    assert_allclose(loss.data, softmax_loss(x, label), rtol=1e-5)


def test_an_ignored_label_does_not_count(rng):
    x, label = rng.normal(size=SHAPE), rng.integers(0, 5, LABEL)
    _, (loss,) = run(made("loss_param { ignore_label: 2 }"), x, label)
    assert_allclose(loss.data, focal_loss(x, label, ignore=2), rtol=1e-4)


@pytest.mark.parametrize("gamma", [0, 0.5, 1, 2])
def test_gradient(gamma, rng):
    it = made(f"focal_loss_param {{ gamma: {gamma} alpha: 1 }} loss_param {{ ignore_label: 2 }}")
    check_gradient(it, rng.normal(0, 2, SHAPE), rng.integers(0, 5, LABEL))


def test_certainty_makes_no_nan():
    it = made("focal_loss_param { gamma: 0.5 }")
    x = np.where(np.arange(5)[:, None] == 1, 1e3, 0) * np.ones(SHAPE)
    for label in (1, 3):
        assert np.isfinite(it.forward(x, np.full(LABEL, label))[0])
        assert np.isfinite(it.backward(1)[0]).all()


def test_a_label_that_is_no_class_is_told(rng):
    with pytest.raises(DataError, match="label 5"):
        made().forward(rng.normal(size=SHAPE), np.full(LABEL, 5))


def test_another_type_is_refused():
    with pytest.raises(NetError, match="type is a fork's"):
        made("focal_loss_param { type: LINEAR }")
