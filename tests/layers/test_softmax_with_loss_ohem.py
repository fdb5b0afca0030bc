import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from tests.naive.softmax import softmax
from tests.naive.softmax_loss import softmax_loss
from tests.tools import check_gradient, layer, run

SHAPE, LABEL = (5, 4, 2), (5, 2)
THREE = 'top: "loss" top: "p" top: "each"'


def made(text="", tops=THREE, **options):
    return layer(f'type: "SoftmaxWithLossOHEM" {tops} {text}', SHAPE, LABEL, **options)


def test_agrees_with_one_label_at_a_time(rng):
    x, label = rng.normal(size=SHAPE), rng.integers(0, 4, LABEL)
    _, (loss, p, each) = run(made(), x, label)
    assert_allclose(loss.data, softmax_loss(x, label), rtol=1e-5)
    assert_allclose(p.data, softmax(x, 1), atol=1e-6)
    for n, s in np.ndindex(*LABEL):
        assert_allclose(each.data[n, s], softmax_loss(x[n : n + 1, :, s], label[n, s]), rtol=1e-5)


def test_two_instances_by_hand():
    it = layer(f'type: "SoftmaxWithLossOHEM" {THREE}', (2, 2), (2,))
    _, (loss, p, each) = run(it, [[0, 0], [0, np.log(3)]], [0, 0])
    assert_allclose(p.data, [[0.5, 0.5], [0.25, 0.75]], rtol=1e-6)
    assert_allclose(each.data, [np.log(2), np.log(4)], rtol=1e-6)
    assert_allclose(loss.data, np.log(8) / 2, rtol=1e-6)


def test_an_ignored_label_costs_nothing(rng):
    label = np.where(np.arange(10).reshape(LABEL) % 3 == 0, -1, 1)
    _, (_, _, each) = run(made("loss_param { ignore_label: -1 }"), rng.normal(size=SHAPE), label)
    assert_array_equal(each.data == 0, label == -1)


def test_a_fixed_number_may_divide(rng):
    x, label = rng.normal(size=SHAPE), rng.integers(0, 4, LABEL)
    _, (loss, *_) = run(made("loss_param { normalization: PRE_FIXED pre_fixed_normalizer: 128 }"), x, label)
    assert_allclose(loss.data, softmax_loss(x, label, normalization="NONE") / 128, rtol=1e-5)


def test_gradient(rng):
    check_gradient(made(tops='top: "loss"'), rng.normal(size=SHAPE), rng.integers(0, 4, LABEL))


def test_gradient_beside_the_other_tops(rng):
    alone, three = made(tops='top: "loss"'), made(silent=(1, 2))
    xs = rng.normal(size=SHAPE), rng.integers(0, 4, LABEL)
    alone.forward(*xs)
    three.forward(*xs)
    assert_array_equal(alone.backward(2)[0], three.backward(2, 0, 0)[0])
