import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.errors import ShapeError
from tests.naive.flow_warp import flow_warp
from tests.tools import check_gradient, layer, run


@pytest.mark.parametrize("fill", ["ZERO", "NOT_A_NUMBER"])
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (1, 1, 1, 1), (2, 2, 13, 17)])
def test_agrees_with_the_twin(shape, fill, rng):
    x, flow = rng.normal(size=shape), rng.normal(size=(shape[0], 2, *shape[2:])).astype(np.float32) * 2
    text = f'type: "FlowWarp" flow_warp_param {{ fill_value: {fill} }}'
    _, (y,) = run(layer(text, shape, flow.shape), x, flow)
    outside = 0.0 if fill == "ZERO" else np.nan
    assert_allclose(y.data, flow_warp(x, flow, outside), rtol=1e-4, atol=1e-5)


def test_a_row_by_hand():
    it = layer('type: "FlowWarp"', (1, 1, 1, 3), (1, 2, 1, 3))
    flow = [[[[1, 0.5, 5]], [[0, 0, 0]]]]  # the next; halfway to the next; out of the image
    _, (y,) = run(it, [[[[10, 20, 40]]]], flow)
    assert_allclose(y.data, [[[[20, 30, 0]]]])
    dx, dflow = it.backward([[[[1, 2, 4]]]])
    assert_allclose(dx, [[[[0, 1 + 1, 1]]]])
    assert_allclose(dflow, [[[[20, 40, 0]], [[0, 0, 0]]]])


def inside(rng):
    """A flow that stays off the pixels' places and within the image."""
    h, w = np.mgrid[:3, :4]
    u, v = rng.uniform(0.1, 0.9, (2, 2, 3, 4))
    to_w, to_h = rng.integers(0, 3, (2, 3, 4)) + u - w, rng.integers(0, 2, (2, 3, 4)) + v - h
    return np.stack([to_w, to_h], 1)


def test_gradient(rng):
    check_gradient(layer('type: "FlowWarp"', (2, 3, 3, 4), (2, 2, 3, 4)), rng.normal(size=(2, 3, 3, 4)), inside(rng))


def test_a_flow_of_another_size_is_refused():
    with pytest.raises(ShapeError, match=r"its flow \(N, 2, H, W\), found \(1, 3, 4, 5\) and \(1, 3, 4, 5\)"):
        layer('type: "FlowWarp"', (1, 3, 4, 5), (1, 3, 4, 5))
