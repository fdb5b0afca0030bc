"""Depthwise convolutions of a training step: values and gradients as by the exact plan."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet import Net
from protonet.engine.train.program import Training
from protonet.prototxt import parse

CASES = [(3, 1, 1, 1), (3, 2, 1, 1), (5, 2, 2, 1), (3, 1, 2, 2), (2, 3, 0, 1)]  # kernel, stride, pad, dilation
NET = """
layer {{ name: "in" type: "Input" top: "x" top: "t" input_param {{ shape {{ dim: 3 dim: 4 dim: 13 dim: 12 }}
  shape {{ dim: 3 dim: 1 }} }} }}
layer {{ name: "first" type: "Convolution" bottom: "x" top: "a"
  convolution_param {{ num_output: {C} kernel_size: 1 weight_filler {{ type: "xavier" }} }} }}
layer {{ name: "each" type: "Convolution" bottom: "a" top: "b" convolution_param {{ num_output: {C} group: {C}
  kernel_size: {k} stride: {s} pad: {p} dilation: {d} weight_filler {{ type: "xavier" }} }} }}
layer {{ name: "relu" type: "ReLU" bottom: "b" top: "b" }}
layer {{ name: "last" type: "InnerProduct" bottom: "b" top: "y"
  inner_product_param {{ num_output: 1 weight_filler {{ type: "xavier" }} }} }}
layer {{ name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" }}
"""


def gradients(text, packed, rng):
    net = Net(parse.loads(text, "NetParameter").message, phase=0)
    for blob in net.parameters.blobs:
        blob.data[...] = rng.normal(size=blob.shape) / np.sqrt(np.prod(blob.shape[1:]))
    for name in ("x", "t"):
        net.blobs[name].data[...] = rng.normal(size=net.blobs[name].shape)
    if packed:
        Training.of(net).run()
    else:
        net.forward_layers(), net.backward_layers()
    return [blob.diff.copy() for blob in net.parameters.blobs]


@pytest.mark.parametrize("C", [7, 32])
@pytest.mark.parametrize("case", CASES)
def test_gradients(C, case):
    text = NET.format(C=C, **dict(zip("kspd", case, strict=True)))
    wanted, got = (gradients(text, packed, np.random.default_rng(1)) for packed in (False, True))
    for a, b in zip(wanted, got, strict=True):
        assert abs(a).max() > 0
        assert_allclose(b, a, atol=2e-5 * abs(a).max())
