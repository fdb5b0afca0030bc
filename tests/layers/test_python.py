"""Layers written in Python: pycaffe's contract, kept parameters, several tops, shapes by values."""

import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import protonet
from protonet.errors import NetError
from protonet.layers import python
from tests.layers.conftest import TEXT


def test_it_runs_both_ways_and_learns(python_net):
    net = python_net("Twice")
    x = np.array([[1, -2, 3], [0.5, 4, -1]])
    assert_array_equal(net.forward(x=x)["z"], 2 * np.maximum(x, 0) + 5)
    dz = np.array([[1.0, 2, 3], [4, 5, 6]])
    assert_array_equal(net.backward(z=dz)["x"], 2 * dz * (x > 0))
    assert_array_equal(net.params["mine"][0].diff, dz.sum(0))
    net.params["mine"][0].data[...] = 0
    assert_array_equal(net.forward(x=x)["z"], 2 * np.maximum(x, 0))


def test_it_follows_a_reshape(python_net):
    net = python_net("Twice")
    net.blobs["x"].reshape(5, 3)
    assert net.forward()["z"].shape == (5, 3)


@pytest.mark.parametrize("phase", [protonet.TRAIN, protonet.TEST])
def test_setup_is_called_once_and_reshape_before_each_forward(python_net, phase):
    net = python_net("Told", "some text", phase=phase)
    calls = sys.modules["my_layers"].CALLS
    assert calls[:2] == [("setup", "some text", "some text", phase, 1, 1), "reshape"]
    del calls[:]
    net.forward()
    net.forward()
    assert [call for call in calls if call != "reshape"] == ["forward", "forward"]
    assert calls.index("reshape") < calls.index("forward")
    assert calls[calls.index("forward") + 1 :].count("reshape") >= 1
    assert net.blobs["y"].shape == (2, 3)


def test_it_may_have_several_tops(python_net):
    net = python_net("Halves", tops='top: "y" top: "rest" top: "phase"', phase=protonet.TEST)
    x = np.array([[1.0, 2, 3], [4, 5, 6]])
    out = net.forward(x=x)
    assert_array_equal(out["z"], x[:, :1])
    assert_array_equal(out["rest"], x[:, 1:])
    assert_array_equal(out["phase"], [protonet.TEST])
    net.blobs["rest"].diff[...] = [[7, 8], [9, 10]]
    assert_array_equal(net.backward(z=[[1], [2]], rest=net.blobs["rest"].diff, phase=[0])["x"], [[1, 7, 8], [2, 9, 10]])


LOSS = """
layer {{ name: "in" type: "Input" top: "a" top: "b" input_param {{ shape {{ dim: 4 dim: 3 }} }} }}
layer {{ name: "fc" type: "InnerProduct" bottom: "a" top: "fc" inner_product_param {{ num_output: 3
  weight_filler {{ type: "xavier" }} }} }}
layer {{ name: "mine" type: "Python" bottom: "fc" bottom: "b" {tops}
  python_param {{ module: "my_layers" layer: "{cls}" }}
  {more} }}
"""


def test_a_loss_has_the_weight_that_the_prototxt_says(python_net, rng):
    net = python_net("Distance", tops='top: "loss"', more="loss_weight: 0.5", text=LOSS)
    plain = (
        LOSS.replace('type: "Python"', 'type: "EuclideanLoss"')
        .replace("python_param", "#")
        .replace("  {more}", "\n{more}")
    )
    like = python_net("", tops='top: "loss"', more="loss_weight: 0.5", text=plain)
    a, b = rng.normal(size=(2, 4, 3))
    for each in net, like:
        each.params["fc"][0].data[...] = net.params["fc"][0].data
        each.blobs["a"].data[...], each.blobs["b"].data[...] = a, b
        each.forward()
        each.clear_param_diffs()
        each.backward()
    assert net.loss() == pytest.approx(0.5 * float(net.blobs["loss"].data[0]))
    assert net.loss() == pytest.approx(like.loss(), rel=1e-6)
    for mine, its in zip(net.params["fc"], like.params["fc"], strict=True):
        assert_allclose(mine.diff, its.diff, rtol=1e-5, atol=1e-6)


def test_a_loss_without_a_weight_teaches_nothing(python_net):
    """As in Caffe: a Python layer is a loss only where loss_weight says so."""
    net = python_net("Distance", tops='top: "loss"', text=LOSS)
    net.blobs["a"].data[...] = 1
    net.forward()
    net.backward()
    assert net.loss() == 0
    assert not net.params["fc"][0].diff.any()


def test_a_solver_trains_through_it(python_net, python_folder):
    python_net("Distance", tops='top: "loss"', more="loss_weight: 1", text=LOSS)
    (python_folder / "solver.prototxt").write_text(
        'net: "net.prototxt" base_lr: 0.1 lr_policy: "fixed" max_iter: 30 random_seed: 1 snapshot_after_train: false'
    )
    solver = protonet.get_solver("solver.prototxt")
    solver.net.blobs["a"].data[...] = np.eye(4, 3)
    solver.net.blobs["b"].data[...] = np.arange(12).reshape(4, 3) / 6
    first = solver.net.forward_layers()
    solver.step(30)
    assert 0 < solver.net.forward_layers() < first / 3


def test_a_top_that_forward_reshapes_shapes_what_follows(python_net):
    net = python_net("Positive")
    for x, rows in (([[1, 2, 3], [0, 5, 6]], [0]), ([[1, 2, 3], [4, 5, 6]], [0, 1]), ([[0, 1, 1], [0, 1, 1]], [])):
        x = np.array(x, float)
        out = net.forward(x=x)
        assert_array_equal(out["z"], x[rows])
        dx = net.backward(z=np.ones((len(rows), 3)))["x"]
        wanted = np.zeros((2, 3))
        wanted[rows] = x[rows] > 0
        assert_array_equal(dx, wanted)


def test_it_may_bring_data_of_its_own(python_net):
    net = python_net(
        "Counter",
        text="""
layer {{ name: "data" type: "Python" {tops} python_param {{ module: "my_layers" layer: "{cls}" }} {more} }}
layer {{ name: "after" type: "Power" bottom: "y" top: "z" power_param {{ scale: 10 }} }}""",
    )
    assert [net.forward()["z"][0, 0] for _ in range(3)] == [10, 20, 30]
    net.backward()


def test_it_may_only_look(python_net):
    net = python_net("Seen", tops="", text=TEXT.replace('bottom: "y"', 'bottom: "x"'))
    net.forward(x=np.full((2, 3), 4.0))
    assert_array_equal(sys.modules["my_layers"].SEEN[-1], np.full((2, 3), 4))


def test_its_random_numbers_are_those_of_the_seed(python_net, python_folder):
    python_net("Random")
    nets = [protonet.Net("net.prototxt", protonet.TRAIN, seed=seed) for seed in (1, 1, 2)]
    first, same, other = ([net.forward()["z"].copy() for _ in range(2)] for net in nets)
    assert_array_equal(first, same)
    assert (np.array(first) != np.array(other)).any()
    assert (first[0] != first[1]).any()


def test_its_parameters_are_kept_under_its_name(python_net, python_folder):
    net = python_net("Twice")
    net.params["mine"][0].data[...] = [1, 2, 3]
    net.save("a.caffemodel")
    other = python_net("Twice")
    other.copy_from("a.caffemodel")
    assert_array_equal(other.forward(x=np.zeros((2, 3)))["z"], [[1, 2, 3]] * 2)


def test_a_compiled_program_runs_it_too(python_net, python_folder):
    net = python_net("Twice", phase=protonet.TEST)
    net.params["mine"][0].data[...] = [1, 2, 3]
    program = protonet.compile("net.prototxt", net.weights())
    x = np.array([[1, -2, 3], [0.5, 4, -1]], np.float32)
    assert_array_equal(program.run(x)["z"], net.forward(x=x)["z"])


def test_a_constructor_of_its_own_is_called(python_net):
    assert_array_equal(python_net("Own", "7").forward()["z"], [7, 7, 7])
    with pytest.raises(NetError, match=r"my_layers\.Mistaken\.__init__ failed with TypeError"):
        python_net("Mistaken")


def test_a_script_that_imports_caffe_gets_protonet(python_net, python_folder, monkeypatch):
    monkeypatch.delitem(sys.modules, "caffe", raising=False)
    (python_folder / "scripted.py").write_text(
        "import caffe\nimport numpy as np\n\n\nclass Plus(caffe.Layer):\n"
        "    def setup(self, bottom, top):\n        assert self.phase in (caffe.TRAIN, caffe.TEST)\n"
        "    def reshape(self, bottom, top):\n        top[0].reshape(*bottom[0].data.shape)\n"
        "    def forward(self, bottom, top):\n        top[0].data[...] = bottom[0].data + eval(self.param_str)['n']\n"
        "    def backward(self, top, propagate_down, bottom):\n        bottom[0].diff[...] = top[0].diff\n"
    )
    net = python_net("Plus", "{'n': 3}", text=TEXT.replace("my_layers", "scripted"))
    assert_array_equal(net.forward(x=np.ones((2, 3)))["z"], np.full((2, 3), 4))
    assert sys.modules["caffe"] is protonet


def test_a_reshape_keeps_what_is_there():
    blob = python.PythonBlob((2, 3))
    blob.data[...] = np.arange(6).reshape(2, 3)
    blob.reshape(3, 2)
    assert_array_equal(blob.data, np.arange(6).reshape(3, 2))
    blob.reshape(4)
    assert_array_equal(blob.data, np.zeros(4))
    assert (blob.num, blob.channels, blob.height, blob.count) == (4, 1, 1, 4)
