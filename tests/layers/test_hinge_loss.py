import pytest
from numpy.testing import assert_allclose

from protonet.errors import DataError, ShapeError
from tests.naive.hinge_loss import hinge_loss
from tests.tools import check_gradient, layer, run


def text(norm):
    return f'type: "HingeLoss" hinge_loss_param {{ norm: L{norm} }}'


@pytest.mark.parametrize("norm", [1, 2])
@pytest.mark.parametrize("shape", [(6, 5), (3, 4, 1, 1)])
def test_agrees_with_numpy(shape, norm, rng):
    x, label = rng.normal(size=shape), rng.integers(0, 4, shape[0])
    _, (loss,) = run(layer(text(norm), shape, label.shape), x, label)
    assert_allclose(loss.data, hinge_loss(x, label, norm), rtol=1e-6)


@pytest.mark.parametrize("norm", [1, 2])
def test_gradient(norm, rng):
    x = rng.normal(size=(4, 3))
    x[abs(abs(x) - 1) < 0.05] = 0.5  # away from the bends
    check_gradient(layer(text(norm), x.shape, (4,)), x, [0, 2, 1, 2])


def test_a_label_that_is_no_class_is_reported():
    with pytest.raises(DataError, match=r"label 3 .* is no class: the classes are 0 to 2"):
        layer(text(1), (2, 3), (2,)).forward(0, [1, 3])


def test_labels_of_another_number_are_refused():
    with pytest.raises(ShapeError, match=r"one label for each image of shape \(2, 3\), found shape \(3,\)"):
        layer(text(1), (2, 3), (3,))
