"""Layers written in Python: pycaffe's contract, kept parameters, refusals."""

import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import protonet
from protonet.errors import NetError
from protonet.layers import python

MODULE = """
import numpy as np
import protonet

class Twice(protonet.Layer):
    def setup(self, bottom, top):
        self.factor = float(self.param_str)
        self.blobs.add_blob(3)
        self.blobs[0].data[...] = 5

    def reshape(self, bottom, top):
        top[0].reshape(*bottom[0].shape)

    def forward(self, bottom, top):
        top[0].data[...] = self.factor * bottom[0].data + self.blobs[0].data

    def backward(self, top, propagate_down, bottom):
        self.blobs[0].diff[...] += top[0].diff.sum(0)
        if propagate_down[0]:
            bottom[0].diff[...] = self.factor * top[0].diff

class Broken(protonet.Layer):
    def reshape(self, bottom, top):
        top[0].reshape(1)

    def forward(self, bottom, top):
        raise ValueError("no luck")
"""
TEXT = """
force_backward: true
layer {{ name: "in" type: "Input" top: "x" input_param {{ shape {{ dim: 2 dim: 3 }} }} }}
layer {{ name: "relu" type: "ReLU" bottom: "x" top: "x" }}
layer {{ name: "mine" type: "Python" bottom: "x" top: "y"
  python_param {{ module: "my_layers" layer: "{cls}" param_str: "2" }} }}
layer {{ name: "after" type: "ReLU" bottom: "y" top: "z" }}
"""


@pytest.fixture
def make(tmp_path, monkeypatch):
    (tmp_path / "my_layers.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "my_layers", raising=False)

    def made(cls):
        (tmp_path / "net.prototxt").write_text(TEXT.format(cls=cls))
        return protonet.Net("net.prototxt", protonet.TRAIN)

    yield made
    python.allow(True)


def test_it_runs_both_ways_and_learns(make):
    net = make("Twice")
    x = np.array([[1, -2, 3], [0.5, 4, -1]])
    assert_array_equal(net.forward(x=x)["z"], 2 * np.maximum(x, 0) + 5)
    dz = np.array([[1.0, 2, 3], [4, 5, 6]])
    assert_array_equal(net.backward(z=dz)["x"], 2 * dz * (x > 0))
    assert_array_equal(net.params["mine"][0].diff, dz.sum(0))
    net.params["mine"][0].data[...] = 0
    assert_array_equal(net.forward(x=x)["z"], 2 * np.maximum(x, 0))


def test_it_follows_a_reshape(make):
    net = make("Twice")
    net.blobs["x"].reshape(5, 3)
    assert net.forward()["z"].shape == (5, 3)


def test_what_goes_wrong_in_it_is_told_with_its_name(make):
    with pytest.raises(NetError, match=r"my_layers\.Broken\.forward failed with ValueError: no luck"):
        make("Broken").forward()


def test_an_unknown_class_is_refused(make):
    with pytest.raises(NetError, match="module 'my_layers' has no class 'Thrice'"):
        make("Thrice")


def test_it_runs_no_code_where_that_is_not_allowed(make):
    python.allow(False)
    with pytest.raises(NetError, match="--python-layers"):
        make("Twice")
