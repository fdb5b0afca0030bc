import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import ShapeError
from tests.layers.examples import apart
from tests.naive.l1_loss import flow_loss, l1_loss
from tests.tools import check_gradient, layer, run


def test_agrees_with_numpy(rng):
    a, b = rng.normal(size=(2, 5, 3, 70, 41))
    _, (loss,) = run(layer('type: "L1Loss"', a.shape, b.shape), a, b)
    assert_allclose(loss.data, l1_loss(a, b), rtol=1e-5)


def test_two_images_by_hand():
    it = layer('type: "L1Loss"', (2, 2), (2, 2))
    _, (loss,) = run(it, [[1, 2], [3, 4]], [[0, 4], [3, 8]])
    assert loss.data == 3.5
    assert_array_equal(it.backward(2)[0], [[1, -1], [0, -1]])


def test_gradient(rng):
    check_gradient(layer('type: "L1Loss"', *[(3, 4)] * 2), *apart(rng, [(3, 4)] * 2))


def test_other_sizes_are_refused():
    with pytest.raises(ShapeError, match="the bottoms must have as many numbers for each image"):
        layer('type: "L1Loss"', (2, 3), (2, 4))


FLOW = 'type: "L1Loss" l1_loss_param { %s }'
WAYS = (
    "", "normalize_by_num_entries: true", "plateau: 0.47", "l2_per_location: true",
    "l2_per_location: true l2_prescale_by_channels: true epsilon: 0.2 plateau: 0.9 normalize_by_num_entries: true",
)  # fmt: skip


@pytest.mark.parametrize("text", WAYS)
def test_flownets_agrees_with_numpy(text, rng):
    a, b = rng.normal(size=(2, 2, 3, 47, 61))
    b[rng.random(b.shape) < 0.1] = np.nan
    _, (loss,) = run(layer(FLOW % text, a.shape, b.shape), a, b)
    words = text.replace(":", "").split()
    said = {
        k: v == "true" if v in ("true", "false") else float(v) for k, v in zip(words[::2], words[1::2], strict=True)
    }
    assert_allclose(loss.data, flow_loss(a, b, **said), rtol=1e-5)


@pytest.mark.parametrize("text", WAYS)
def test_flownets_gradient(text, rng):
    check_gradient(layer(FLOW % text, *[(2, 3, 2, 2)] * 2), *apart(rng, [(2, 3, 2, 2)] * 2), step=1e-3, tolerance=2e-2)


def test_flownets_by_hand():
    it = layer(FLOW % "normalize_by_num_entries: true", *[(1, 2, 1, 2)] * 2)
    nan = float("nan")
    _, (loss,) = run(it, [[[[1, 2]], [[3, 4]]]], [[[[2, nan]], [[3, 1]]]])
    assert_allclose(loss.data, (1 + 0 + 3) / (3 / 2))
    assert_allclose(it.backward(3)[0], [[[[-2, 0]], [[-2, 2]]]])  # the slope of 0 is -1


def test_one_bottom_is_the_difference():
    it = layer('type: "L1Loss"', (2, 1, 1, 2))
    assert run(it, [[[[1, -2]]], [[[3, 0]]]])[1][0].data == 3
