"""Tops that only repeat their bottom are its memory, as in Caffe; never so that one reads what another overwrote."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import protonet

HEAD = """
force_backward: true
layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 2 dim: 2 } } }
"""
SPLIT = """
layer { name: "a" type: "Power" bottom: "x" top: "a" power_param { scale: 2 } }
layer { name: "b" type: "Power" bottom: "x" top: "b" power_param { power: 2 } }
"""
FLAT = """
layer { name: "flat" type: "Flatten" bottom: "x" top: "f" }
layer { name: "ip" type: "InnerProduct" bottom: "f" top: "y" inner_product_param {
  num_output: 3 weight_filler { type: "xavier" } } }
"""
IN_PLACE = """
layer { name: "p" type: "Power" bottom: "x" top: "p" power_param { power: 2 } }
layer { name: "flat" type: "Flatten" bottom: "p" top: "f" }
layer { name: "relu" type: "ReLU" bottom: "f" top: "f" relu_param { negative_slope: 5 } }
"""


@pytest.fixture
def make(tmp_path):
    def made(text):
        (tmp_path / "net.prototxt").write_text(HEAD + text)
        return protonet.Net(str(tmp_path / "net.prototxt"), protonet.TRAIN)

    return made


def test_the_copies_of_a_split_are_its_bottom(make, rng):
    net = make(SPLIT)
    x = rng.normal(size=(2, 3, 2, 2))
    net.forward(x=x)
    assert np.shares_memory(net.blobs["x_in_0_split_0"].data, net.blobs["x"].data)
    assert_allclose(net.blobs["b"].data, x**2, rtol=1e-5)
    da, db = rng.normal(size=(2, *x.shape))
    assert_allclose(net.backward(a=da, b=db)["x"], 2 * da + 2 * x * db, rtol=1e-4, atol=1e-5)


def test_a_flattened_blob_shares_its_gradient_too_also_after_a_reshape(make, rng):
    net = make(FLAT)
    for n in (2, 5, 2):
        net.blobs["x"].reshape(n, 3, 2, 2)
        x, dy = rng.normal(size=(n, 3, 2, 2)), rng.normal(size=(n, 3))
        y = net.forward(x=x)["y"]
        w = net.params["ip"][0].data
        assert_allclose(y, x.reshape(n, -1) @ w.T, rtol=1e-4, atol=1e-5)
        assert_allclose(net.backward(y=dy)["x"], (dy @ w).reshape(x.shape), rtol=1e-4, atol=1e-5)
        assert np.shares_memory(net.blobs["f"].data, net.blobs["x"].data)


def test_what_is_worked_on_in_place_is_not_shared(make, rng):
    net = make(IN_PLACE)
    x = rng.normal(size=(2, 3, 2, 2))
    net.forward(x=x)
    assert not np.shares_memory(net.blobs["f"].data, net.blobs["p"].data)
    assert_allclose(net.blobs["p"].data, x**2, rtol=1e-5)
    assert_allclose(net.backward(f=np.ones((2, 12)))["x"], 2 * x, rtol=1e-4)
