"""Layers whose tops have a size that depends on values: the net goes on with the size that comes out."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import protonet

TEXT = """
force_backward: true
layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 6 dim: 5 } } }
layer { name: "chosen" type: "Input" top: "s" input_param { shape { dim: 6 } } }
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "h"
  inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
layer { name: "drop" type: "Dropout" bottom: "h" top: "h" }
layer { name: "filter" type: "Filter" bottom: "h" bottom: "s" top: "f" }
layer { name: "drop2" type: "Dropout" bottom: "f" top: "g" }
"""


@pytest.fixture
def net(tmp_path):
    (tmp_path / "net.prototxt").write_text(TEXT)
    return protonet.Net(str(tmp_path / "net.prototxt"), protonet.TRAIN, seed=3)


def test_sizes_follow_the_values(net, rng):
    for chosen in ([1, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 0], [1] * 6):
        out = net.forward(x=rng.normal(size=(6, 5)), s=np.array(chosen))["g"]
        assert out.shape == (sum(chosen), 4)
        assert_array_equal(net.blobs["f"].data, net.blobs["h"].data[np.array(chosen) > 0])


def test_what_was_kept_before_the_size_changed_is_there_for_backward(net, rng):
    """Dropout's mask in front of the Filter: drawn in one plan, read in another."""
    x, chosen = rng.normal(size=(6, 5)), np.array([1, 0, 1, 1, 0, 0])
    net.forward(x=rng.normal(size=(6, 5)), s=np.ones(6))
    net.forward(x=x, s=chosen)
    dropped = net.blobs["h"].data != 0
    dropped2 = net.blobs["g"].data != 0
    net.blobs["g"].diff[...] = 1
    net.backward()
    dh = np.zeros((6, 4))
    dh[chosen > 0] = 2 * dropped2
    assert_allclose(net.blobs["x"].diff, (2 * dh * dropped) @ net.params["ip"][0].data, atol=1e-5)


CHAINED = """
layer { name: "x" type: "Input" top: "x" top: "keep" input_param { shape { dim: 4 dim: 2 } shape { dim: 4 } } }
layer { name: "f" type: "Filter" bottom: "x" bottom: "keep" top: "some" }
layer { name: "s" type: "Slice" bottom: "some" top: "left" top: "right" slice_param { axis: 1 } }
layer { name: "twice" type: "Python" bottom: "left" top: "doubled" python_param { module: "twice" layer: "Twice" } }
layer { name: "both" type: "Eltwise" bottom: "right" bottom: "doubled" top: "sum" }
"""
TWICE = """
import protonet
class Twice(protonet.Layer):
    def reshape(self, bottom, top): top[0].reshape(*bottom[0].shape)
    def forward(self, bottom, top): top[0].data[...] = 2 * bottom[0].data
"""


def test_what_follows_two_such_layers_fits_what_the_first_leaves(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "twice.py").write_text(TWICE)
    (tmp_path / "chained.prototxt").write_text(CHAINED)
    net, x = protonet.Net(str(tmp_path / "chained.prototxt"), protonet.TEST), np.arange(8.0).reshape(4, 2)
    for keep in [1, 0, 1, 1], [0, 0, 1, 0], [1, 1, 1, 1]:
        rows = x[np.array(keep, bool)]
        assert_array_equal(net.forward(x=x, keep=keep)["sum"], rows[:, 1:] + 2 * rows[:, :1])
