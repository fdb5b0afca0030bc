import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import DataError, NetError, ShapeError
from tests.naive.softmax import softmax
from tests.naive.softmax_loss import softmax_loss
from tests.tools import check_gradient, layer, run

TEXT = 'type: "SoftmaxWithLoss"'
SPATIAL, LABELS = (2, 5, 3, 4), (2, 3, 4)


def labels(rng, shape, classes=5):
    return rng.integers(0, classes, shape)


@pytest.mark.parametrize("normalization", ["VALID", "FULL", "BATCH_SIZE", "NONE"])
@pytest.mark.parametrize("ignore", [None, 1, 255, -1])
def test_agrees_with_numpy(normalization, ignore, rng):
    x, label = rng.normal(size=SPATIAL), labels(rng, LABELS)
    if ignore in (255, -1):
        label[0, 0] = ignore
    ignored = "" if ignore is None else f"ignore_label: {ignore}"
    it = layer(TEXT + f" loss_param {{ normalization: {normalization} {ignored} }}", SPATIAL, LABELS)
    _, (loss,) = run(it, x, label)
    assert loss.data.shape == ()
    assert_allclose(loss.data, softmax_loss(x, label, 1, ignore, normalization), rtol=2e-6)


@pytest.mark.parametrize(("shape", "axis"), [((6, 5), 1), ((2, 3, 5, 2), 2), ((2, 3, 5), -1)])
def test_classes_lie_along_the_axis(shape, axis, rng):
    x, label = rng.normal(size=shape), labels(rng, np.delete(shape, axis))
    _, (loss,) = run(layer(TEXT + f" softmax_param {{ axis: {axis} }}", shape, label.shape), x, label)
    assert_allclose(loss.data, softmax_loss(x, label, axis), rtol=2e-6)


@pytest.mark.parametrize(
    ("old", "new"), [("normalize: true", "VALID"), ("normalize: false", "BATCH_SIZE"), ("", "VALID")]
)
def test_the_old_normalize_has_its_meaning(old, new, rng):
    x, label = rng.normal(size=SPATIAL), labels(rng, LABELS)
    _, (loss,) = run(layer(TEXT + f" loss_param {{ {old} }}", SPATIAL, LABELS), x, label)
    assert_allclose(loss.data, softmax_loss(x, label, normalization=new), rtol=2e-6)


def test_the_gradient_is_the_error_of_the_probabilities(rng):
    x, label, it = (
        rng.normal(size=(4, 3)),
        np.array([0, 2, 1, 2]),
        layer(TEXT + " loss_param { ignore_label: 1 }", (4, 3), (4,)),
    )
    it.forward(x, label)
    dx, dlabel = it.backward(0.5)
    expected = (softmax(x) - np.eye(3)[label]) * 0.5 / 3
    expected[2] = 0
    assert_allclose(dx, expected, atol=1e-7)
    assert dlabel is None


def test_labels_may_weigh_by_their_class(rng):
    weights = " ".join(f"class_weighting: {w}" for w in (1, 2, 0.5))
    text = TEXT + f" loss_param {{ weight_by_label_freqs: true {weights} ignore_label: 1 }}"
    x, label = rng.normal(size=(4, 3)), np.array([0, 2, 1, 2])
    it = layer(text, x.shape, label.shape)
    each = -np.log(softmax(x)[np.arange(4), label]) * np.array([1, 0.5, 0, 0.5])
    assert_allclose(it.forward(x, label)[0], each.sum() / 3, rtol=1e-6)
    check_gradient(it, x, label, tolerance=2e-3)


def test_another_number_of_weights_is_refused():
    with pytest.raises(ShapeError, match="once for each of 3 classes, found 1"):
        layer(TEXT + " loss_param { weight_by_label_freqs: true class_weighting: 1 }", (4, 3), (4,))


def test_nothing_but_ignored_labels_is_no_loss(rng):
    it = layer(TEXT + " loss_param { ignore_label: 1 }", (4, 3), (4,))
    assert it.forward(rng.normal(size=(4, 3)), 1)[0] == 0
    assert_array_equal(it.backward(1.0)[0], np.zeros((4, 3)))


def test_a_sure_mistake_costs_87():
    it = layer(TEXT, (1, 2), (1,))
    assert_allclose(it.forward([[0, 1000]], [0])[0], -np.log(np.finfo("f4").tiny), rtol=1e-6)


def test_nan_is_not_hidden():
    assert np.isnan(layer(TEXT, (2, 2), (2,)).forward([[0, np.nan], [1, 2]], [0, 1])[0])


@pytest.mark.parametrize(
    ("label", "found"), [(5, "5"), (-1, "-1"), (7.9, "7.9"), (1e30, r"1e\+30"), (-np.inf, "-inf"), (np.nan, "nan")]
)
def test_a_label_that_is_no_class_is_reported(label, found, rng):
    it = layer(TEXT, (4, 5), (4,))
    with pytest.raises(
        DataError, match=rf"label {found} \(number 2 of the batch\) is no class: the classes are 0 to 4"
    ):
        it.forward(rng.normal(size=(4, 5)), [0, 4, label, 7])


@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 2)])
@pytest.mark.parametrize("more", ["", "ignore_label: 2", "normalization: NONE"])
def test_gradient(shape, more, rng):
    label = labels(rng, np.delete(shape, 1), 3)
    check_gradient(
        layer(TEXT + f" loss_param {{ {more} }}", shape, label.shape), rng.normal(size=shape), label, tolerance=2e-3
    )


def test_labels_of_another_number_are_refused():
    with pytest.raises(
        ShapeError, match=r"expected 24 labels, one for each .* \(say \(2, 1, 3, 4\)\), found 120 of shape"
    ):
        layer(TEXT, SPATIAL, SPATIAL)


def test_a_second_top_is_refused():
    with pytest.raises(NetError, match="put a Softmax on the same bottom"):
        layer(TEXT + ' top: "loss" top: "prob"', (2, 3), (2,))


def test_deeplabs_file_of_weights_is_refused():
    with pytest.raises(NetError, match="weight_source is a fork's"):
        layer(TEXT + ' softmaxloss_param { weight_source: "w.txt" }', (2, 3), (2,))
