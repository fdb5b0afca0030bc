import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import ShapeError
from tests.naive.contrastive_loss import contrastive_loss
from tests.tools import check_gradient, layer, run

SIMILAR = [1, 0, 0, 1, 0, 0]


def text(margin=1, legacy="false"):
    return f'type: "ContrastiveLoss" contrastive_loss_param {{ margin: {margin} legacy_version: {legacy} }}'


@pytest.mark.parametrize("margin", [1, 3])
@pytest.mark.parametrize("legacy", ["false", "true"])
def test_agrees_with_numpy(legacy, margin, rng):
    a, b = rng.normal(size=(2, 6, 3)).astype("f")
    _, (loss,) = run(layer(text(margin, legacy), a.shape, b.shape, (6,)), a, b, SIMILAR)
    expected = contrastive_loss(a.astype("d"), b.astype("d"), np.array(SIMILAR), margin, legacy == "true")
    assert_allclose(loss.data, expected, rtol=1e-6)


def test_a_pair_at_one_place_is_pushed_nowhere():
    it = layer(text(), (1, 2), (1, 2), (1,))
    assert it.forward([[1, 2]], [[1, 2]], [0])[0] == 0.5
    assert_array_equal(it.backward(1.0)[0], [[0, 0]])


@pytest.mark.parametrize("legacy", ["false", "true"])
def test_gradient(legacy, rng):
    check_gradient(layer(text(3, legacy), (6, 3), (6, 3), (6,)), *rng.normal(size=(2, 6, 3)), SIMILAR)


@pytest.mark.parametrize(
    ("shapes", "says"), [([(2, 3), (2, 4), (2,)], "one shape"), ([(2, 3), (2, 3), (3,)], "each of 2 pairs")]
)
def test_shapes_that_do_not_fit_are_refused(shapes, says):
    with pytest.raises(ShapeError, match=says):
        layer(text(), *shapes)
