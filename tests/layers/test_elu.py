import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from protonet.layers import TRAIN
from protonet.net import Net
from protonet.prototxt import parse
from tests.naive.elu import elu
from tests.tools import check_gradient, layer, run


@pytest.mark.parametrize("alpha", [1, 0.5, -0.3])
def test_agrees_with_numpy(alpha, rng):
    x = 3 * rng.normal(size=(2, 3, 5, 7)).astype("f")
    _, (y,) = run(layer(f'type: "ELU" elu_param {{ alpha: {alpha} }}', x.shape), x)
    assert_allclose(y.data, elu(x, alpha), atol=2e-7, rtol=1e-6)


def test_far_below_zero_it_is_minus_alpha():
    _, (y,) = run(layer('type: "ELU" elu_param { alpha: 2 }', (3,)), [-np.inf, -200, np.nan])
    assert_array_equal(y.data, [-2, -2, np.nan])


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("alpha", [1, -0.3])
def test_gradient(alpha, in_place, rng):
    x = rng.normal(size=(3, 4))
    x[abs(x) < 0.05] = 0.5
    check_gradient(layer(f'type: "ELU" elu_param {{ alpha: {alpha} }}', x.shape, in_place=in_place), x)


def test_an_alpha_that_is_no_number_is_no_crash():
    data = 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 } } }'
    it = 'layer { name: "it" type: "ELU" bottom: "x" top: "y" elu_param { alpha: nan } }'
    net = Net(parse.loads(f"force_backward: true {data} {it}"), TRAIN)
    net.blobs["x"].data[:] = [1, -1]
    net.forward_layers()
    net.backward_layers()
    assert net.blobs["y"].data[0] == 1
    assert np.isnan(net.blobs["y"].data[1])
