import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.errors import DataError, ShapeError
from tests.naive.center_loss import center_loss
from tests.tools import layer, run

N, K = 30, 150


def made(x, classes=K, **options):
    text = f'num_output: {classes} center_filler {{ type: "gaussian" }}'
    return layer(f'type: "CenterLoss" center_loss_param {{ {text} }}', x, x[:1], **options)


@pytest.mark.parametrize("shape", [(N, 7), (N, 2, 3, 2)])
def test_agrees_with_one_vector_at_a_time(shape, rng):
    it, x, label = made(shape), rng.normal(size=shape), rng.integers(0, 20, N)
    loss, grad = center_loss(x.reshape(N, -1), label, it.blobs[0].data.astype("d"))
    _, (top,) = run(it, x, label)
    assert_allclose(top.data, loss, rtol=1e-5)
    it.backward(0.008)
    assert_allclose(it.blobs[0].diff, grad, rtol=1e-4, atol=1e-5)


def test_two_vectors_of_one_class_by_hand():
    it = made((2, 1), 3)
    it.blobs[0].data[...] = 1
    _, (loss,) = run(it, [[2], [4]], [1, 1])
    assert loss.data == (1 + 9) / 4
    dx, _ = it.backward(2)
    assert_allclose(dx, [[1], [3]])
    assert_allclose(it.blobs[0].diff, [[0], [-4 / 3], [0]])  # whatever the weight of the loss


def test_gradient_of_the_vectors(rng):
    it = made((4, 3), 5)
    x, label = rng.normal(size=(4, 3)), rng.integers(0, 5, 4)
    it.forward(x, label)
    (top,) = it.tops
    top.diff[...] = 3
    it.program.run(it.half)
    expected = 3 * (x - it.blobs[0].data[label]) / 4
    assert_allclose(it.bottoms[0].diff, expected, rtol=1e-5, atol=1e-6)


def test_a_label_that_is_no_class_is_told(rng):
    with pytest.raises(DataError, match=r"label 150 \(number 2 of the batch\) is no class"):
        made((N, 7)).forward(rng.normal(size=(N, 7)), np.where(np.arange(N) == 2, K, 0))


def test_labels_for_others_are_refused():
    with pytest.raises(ShapeError, match=r"expected 4 labels, one for each vector of \(4, 3\), found shape \(5,\)"):
        layer('type: "CenterLoss" center_loss_param { num_output: 3 }', (4, 3), (5,))


def test_missing_classes_are_refused():
    with pytest.raises(ShapeError, match="num_output must be at least 1"):
        layer('type: "CenterLoss"', (4, 3), (4,))
