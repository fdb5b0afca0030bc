import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import DataError, ShapeError
from tests.naive.accuracy import accuracy
from tests.tools import layer, run

TEXT = 'type: "Accuracy" top: "accuracy" top: "by_class"'
CASES = [((12, 5), 1), ((2, 5, 3, 4), 1), ((2, 3, 5, 2), 2), ((2, 3, 5), -1), ((1, 3, 37, 41), 1), ((7, 33), 1)]


@pytest.mark.parametrize("ignore", [None, 1])
@pytest.mark.parametrize("top_k", [1, 2, 3])
@pytest.mark.parametrize(("shape", "axis"), CASES)
def test_agrees_with_numpy(shape, axis, top_k, ignore, rng):
    x = rng.integers(0, 9, shape)  # with ties
    label = rng.integers(0, shape[axis], np.delete(shape, axis))
    ignored = "" if ignore is None else f"ignore_label: {ignore}"
    it = layer(TEXT + f" accuracy_param {{ axis: {axis} top_k: {top_k} {ignored} }}", shape, label.shape)
    _, (one, by_class) = run(it, x, label)
    expected = accuracy(x, label, top_k, axis, ignore)
    assert_allclose(one.data, expected[0], rtol=1e-6)
    assert_allclose(by_class.data, expected[1], rtol=1e-6)


def test_ties_and_nan_are_wrong():
    _, (one, _) = run(layer(TEXT, (4, 2), (4,)), [[1, 1], [np.nan, 0], [0, np.nan], [0, 1]], [0, 0, 0, 1])
    assert one.data == 0.25


def test_no_labels_give_zero():
    _, tops = run(layer(TEXT + " accuracy_param { ignore_label: 1 }", (3, 2), (3,)), np.eye(3, 2), 1)
    for top in tops:
        assert_array_equal(top.data, 0 * top.data)


def test_it_passes_no_gradient():
    assert not layer(TEXT, (3, 2), (3,)).trains


def test_a_label_that_is_no_class_is_reported():
    with pytest.raises(
        DataError, match=r"label 9 \(number 1 of the batch\) is no class: the classes are 0 to 1, and -1 is"
    ):
        layer(TEXT + " accuracy_param { ignore_label: -1 }", (3, 2), (3,)).forward(0, [-1, 9, 0])


def test_more_than_all_classes_is_refused():
    with pytest.raises(ShapeError, match="found 5 for 3 classes"):
        layer(TEXT + " accuracy_param { top_k: 5 }", (2, 3), (2,))
