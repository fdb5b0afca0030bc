import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import DataError, ShapeError
from tests.naive.multinomial_logistic_loss import multinomial_logistic_loss
from tests.naive.softmax import softmax
from tests.tools import check_gradient, layer, run

TEXT = 'type: "MultinomialLogisticLoss"'


def test_agrees_with_numpy(rng):
    p, label = softmax(rng.normal(size=(6, 5))), rng.integers(0, 5, 6)
    _, (loss,) = run(layer(TEXT, p.shape, label.shape), p, label)
    assert_allclose(loss.data, multinomial_logistic_loss(p, label), rtol=1e-6)


def test_nothing_costs_no_more_than_1e_20():
    it = layer(TEXT, (1, 2), (1,))
    assert_allclose(it.forward([[0, 1]], [0])[0], -np.log(1e-20), rtol=1e-6)
    assert_array_equal(np.isfinite(it.backward(1.0)[0]), [[True, True]])


def test_gradient(rng):
    check_gradient(layer(TEXT, (4, 3), (4,)), rng.uniform(0.3, 1, (4, 3)), [0, 2, 1, 2])


def test_a_label_that_is_no_class_is_reported():
    with pytest.raises(DataError, match=r"label -1 .* is no class"):
        layer(TEXT, (2, 3), (2,)).forward(1, [1, -1])


def test_labels_of_another_number_are_refused():
    with pytest.raises(ShapeError, match="one label for each image"):
        layer(TEXT, (2, 3), (3,))
