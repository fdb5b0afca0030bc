"""Layers written in Python: pycaffe's contract, kept parameters, several tops, shapes by values, what goes wrong."""

import sys
import traceback

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

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

class Told(protonet.Layer):
    calls = []

    def setup(self, bottom, top):
        self.calls.append(("setup", self.param_str, self.param_str_, self.phase, len(bottom), len(top)))

    def reshape(self, bottom, top):
        self.calls.append("reshape")
        top[0].reshape(bottom[0].num, bottom[0].count // bottom[0].num)

    def forward(self, bottom, top):
        self.calls.append("forward")
        top[0].data[...] = 0

class Halves(protonet.Layer):
    "Two tops of other shapes, and a third that nobody reads."
    def reshape(self, bottom, top):
        n = bottom[0].channels // 2
        top[0].reshape(bottom[0].num, n)
        top[1].reshape(bottom[0].num, bottom[0].channels - n)
        top[2].reshape(1)

    def forward(self, bottom, top):
        n = top[0].shape[1]
        top[0].data[...], top[1].data[...] = bottom[0].data[:, :n], bottom[0].data[:, n:]
        top[2].data[0] = self.phase

    def backward(self, top, propagate_down, bottom):
        bottom[0].diff[...] = np.concatenate([top[0].diff, top[1].diff], 1)

class Distance(protonet.Layer):
    "examples/pycaffe/layers/pyloss.py"
    def setup(self, bottom, top):
        if len(bottom) != 2:
            raise Exception("Need two inputs to compute distance.")

    def reshape(self, bottom, top):
        self.diff = np.zeros_like(bottom[0].data, dtype=np.float32)
        top[0].reshape(1)

    def forward(self, bottom, top):
        self.diff[...] = bottom[0].data - bottom[1].data
        top[0].data[...] = np.sum(self.diff ** 2) / bottom[0].num / 2.

    def backward(self, top, propagate_down, bottom):
        for i in range(2):
            if not propagate_down[i]:
                continue
            bottom[i].diff[...] = (1, -1)[i] * top[0].diff[0] * self.diff / bottom[i].num

class Positive(protonet.Layer):
    "The rows whose first number is positive: how many those are is known in forward."
    def reshape(self, bottom, top):
        top[0].reshape(*bottom[0].shape)

    def forward(self, bottom, top):
        self.rows = np.flatnonzero(bottom[0].data[:, 0] > 0)
        top[0].reshape(len(self.rows), bottom[0].channels)
        top[0].data[...] = bottom[0].data[self.rows]

    def backward(self, top, propagate_down, bottom):
        bottom[0].diff[...] = 0
        bottom[0].diff[self.rows] = top[0].diff

class Counter(protonet.Layer):
    "No bottoms: data of its own."
    def setup(self, bottom, top):
        self.n = 0

    def reshape(self, bottom, top):
        top[0].reshape(2, 3)

    def forward(self, bottom, top):
        self.n += 1
        top[0].data[...] = self.n

class Seen(protonet.Layer):
    "No tops."
    seen = []

    def reshape(self, bottom, top):
        pass

    def forward(self, bottom, top):
        self.seen.append(bottom[0].data.copy())

class Random(protonet.Layer):
    def reshape(self, bottom, top):
        top[0].reshape(4)

    def forward(self, bottom, top):
        top[0].data[...] = self.random.normal(size=4)

class Own(protonet.Layer):
    "With a constructor of its own."
    def __init__(self, *given):
        super().__init__(*given)
        self.made = "yes"

    def reshape(self, bottom, top):
        top[0].reshape(len(self.made))

    def forward(self, bottom, top):
        top[0].data[...] = float(self.param_str)

class Nothing(protonet.Layer):
    pass

class NoForward(protonet.Layer):
    def reshape(self, bottom, top):
        top[0].reshape(1)

class NoBackward(protonet.Layer):
    def reshape(self, bottom, top):
        top[0].reshape(*bottom[0].shape)

    def forward(self, bottom, top):
        top[0].data[...] = bottom[0].data

class Broken(protonet.Layer):
    "Raises in the method that param_str names."
    def luckless(self, where):
        if self.param_str == where:
            raise ValueError("no luck")  # here

    def setup(self, bottom, top):
        self.luckless("setup")

    def reshape(self, bottom, top):
        self.luckless("reshape")
        top[0].reshape(*bottom[0].shape)

    def forward(self, bottom, top):
        self.luckless("forward")
        if self.param_str == "shape":
            top[0].data[...] = np.zeros((7, 7))
        if self.param_str == "negative":
            top[0].reshape(2, -1)

    def backward(self, top, propagate_down, bottom):
        self.luckless("backward")

class Mistaken(protonet.Layer):
    def __init__(self, one):
        pass

class Alien:
    pass

def function():
    pass
"""
TEXT = """
force_backward: true
layer {{ name: "in" type: "Input" top: "x" input_param {{ shape {{ dim: 2 dim: 3 }} }} }}
layer {{ name: "relu" type: "ReLU" bottom: "x" top: "x" }}
layer {{ name: "mine" type: "Python" bottom: "x" {tops}
  python_param {{ module: "my_layers" layer: "{cls}" param_str: "{said}" share_in_parallel: true }} {more} }}
layer {{ name: "after" type: "ReLU" bottom: "y" top: "z" }}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with a module my_layers in it."""
    (tmp_path / "my_layers.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    python.allow(True)
    for name in set(sys.modules) - before:  # a module of this name in the next folder is another one
        if str(tmp_path) in (getattr(sys.modules[name], "__file__", None) or ""):
            del sys.modules[name]


@pytest.fixture
def make(folder):
    def made(cls, said="2", tops='top: "y"', more="", phase=protonet.TRAIN, text=TEXT):
        (folder / "net.prototxt").write_text(text.format(cls=cls, said=said, tops=tops, more=more))
        return protonet.Net("net.prototxt", phase)

    return made


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


@pytest.mark.parametrize("phase", [protonet.TRAIN, protonet.TEST])
def test_setup_is_called_once_and_reshape_before_each_forward(make, phase):
    net = make("Told", "some text", phase=phase)
    calls = sys.modules["my_layers"].Told.calls
    assert calls[:2] == [("setup", "some text", "some text", phase, 1, 1), "reshape"]
    del calls[:]
    net.forward()
    net.forward()
    assert [call for call in calls if call != "reshape"] == ["forward", "forward"]
    assert calls.index("reshape") < calls.index("forward")
    assert calls[calls.index("forward") + 1 :].count("reshape") >= 1
    assert net.blobs["y"].shape == (2, 3)


def test_it_may_have_several_tops(make):
    net = make("Halves", tops='top: "y" top: "rest" top: "phase"', phase=protonet.TEST)
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


def test_a_loss_has_the_weight_that_the_prototxt_says(make, rng):
    net = make("Distance", tops='top: "loss"', more="loss_weight: 0.5", text=LOSS)
    plain = (
        LOSS.replace('type: "Python"', 'type: "EuclideanLoss"')
        .replace("python_param", "#")
        .replace("  {more}", "\n{more}")
    )
    like = make("", tops='top: "loss"', more="loss_weight: 0.5", text=plain)
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


def test_a_loss_without_a_weight_teaches_nothing(make):
    """As in Caffe: a Python layer is a loss only where loss_weight says so."""
    net = make("Distance", tops='top: "loss"', text=LOSS)
    net.blobs["a"].data[...] = 1
    net.forward()
    net.backward()
    assert net.loss() == 0
    assert not net.params["fc"][0].diff.any()


def test_a_solver_trains_through_it(make, folder):
    make("Distance", tops='top: "loss"', more="loss_weight: 1", text=LOSS)
    (folder / "solver.prototxt").write_text(
        'net: "net.prototxt" base_lr: 0.1 lr_policy: "fixed" max_iter: 30 random_seed: 1 snapshot_after_train: false'
    )
    solver = protonet.get_solver("solver.prototxt")
    solver.net.blobs["a"].data[...] = np.eye(4, 3)
    solver.net.blobs["b"].data[...] = np.arange(12).reshape(4, 3) / 6
    first = solver.net.forward_layers()
    solver.step(30)
    assert 0 < solver.net.forward_layers() < first / 3


def test_a_top_that_forward_reshapes_shapes_what_follows(make):
    net = make("Positive")
    for x, rows in (([[1, 2, 3], [0, 5, 6]], [0]), ([[1, 2, 3], [4, 5, 6]], [0, 1]), ([[0, 1, 1], [0, 1, 1]], [])):
        x = np.array(x, float)
        out = net.forward(x=x)
        assert_array_equal(out["z"], x[rows])
        dx = net.backward(z=np.ones((len(rows), 3)))["x"]
        wanted = np.zeros((2, 3))
        wanted[rows] = x[rows] > 0
        assert_array_equal(dx, wanted)


def test_it_may_bring_data_of_its_own(make):
    net = make(
        "Counter",
        text="""
layer {{ name: "data" type: "Python" {tops} python_param {{ module: "my_layers" layer: "{cls}" }} {more} }}
layer {{ name: "after" type: "Power" bottom: "y" top: "z" power_param {{ scale: 10 }} }}""",
    )
    assert [net.forward()["z"][0, 0] for _ in range(3)] == [10, 20, 30]
    net.backward()


def test_it_may_only_look(make):
    net = make("Seen", tops="", text=TEXT.replace('bottom: "y"', 'bottom: "x"'))
    net.forward(x=np.full((2, 3), 4.0))
    assert_array_equal(sys.modules["my_layers"].Seen.seen[-1], np.full((2, 3), 4))


def test_its_random_numbers_are_those_of_the_seed(make, folder):
    make("Random")
    nets = [protonet.Net("net.prototxt", protonet.TRAIN, seed=seed) for seed in (1, 1, 2)]
    first, same, other = ([net.forward()["z"].copy() for _ in range(2)] for net in nets)
    assert_array_equal(first, same)
    assert (np.array(first) != np.array(other)).any()
    assert (first[0] != first[1]).any()


def test_its_parameters_are_kept_under_its_name(make, folder):
    net = make("Twice")
    net.params["mine"][0].data[...] = [1, 2, 3]
    net.save("a.caffemodel")
    other = make("Twice")
    other.copy_from("a.caffemodel")
    assert_array_equal(other.forward(x=np.zeros((2, 3)))["z"], [[1, 2, 3]] * 2)


def test_a_compiled_program_runs_it_too(make, folder):
    net = make("Twice", phase=protonet.TEST)
    net.params["mine"][0].data[...] = [1, 2, 3]
    program = protonet.compile("net.prototxt", net.weights())
    x = np.array([[1, -2, 3], [0.5, 4, -1]], np.float32)
    assert_array_equal(program.run(x)["z"], net.forward(x=x)["z"])
    make("Broken", "forward")
    program = protonet.compile("net.prototxt", {})
    with pytest.raises(
        NetError, match=r"layer 'mine': my_layers\.Broken\.forward failed at .*my_layers\.py:\d+ with V"
    ):
        program.run(x)


def test_a_constructor_of_its_own_is_called(make):
    assert_array_equal(make("Own", "7").forward()["z"], [7, 7, 7])
    with pytest.raises(NetError, match=r"my_layers\.Mistaken\.__init__ failed with TypeError"):
        make("Mistaken")


def test_a_script_that_imports_caffe_gets_protonet(make, folder, monkeypatch):
    monkeypatch.delitem(sys.modules, "caffe", raising=False)
    (folder / "scripted.py").write_text(
        "import caffe\nimport numpy as np\n\n\nclass Plus(caffe.Layer):\n"
        "    def setup(self, bottom, top):\n        assert self.phase in (caffe.TRAIN, caffe.TEST)\n"
        "    def reshape(self, bottom, top):\n        top[0].reshape(*bottom[0].data.shape)\n"
        "    def forward(self, bottom, top):\n        top[0].data[...] = bottom[0].data + eval(self.param_str)['n']\n"
        "    def backward(self, top, propagate_down, bottom):\n        bottom[0].diff[...] = top[0].diff\n"
    )
    net = make("Plus", "{'n': 3}", text=TEXT.replace("my_layers", "scripted"))
    assert_array_equal(net.forward(x=np.ones((2, 3)))["z"], np.full((2, 3), 4))
    assert sys.modules["caffe"] is protonet


# what goes wrong


@pytest.mark.parametrize("method", ["setup", "reshape", "forward", "backward"])
def test_what_goes_wrong_in_it_is_told_with_layer_method_and_line(make, folder, method):
    line = MODULE[: MODULE.index("# here")].count("\n") + 1

    def attempt():
        net = make("Broken", method)
        net.forward()
        net.backward()

    with pytest.raises(NetError) as caught:
        attempt()
    place = r"net.prototxt:5:1: layer 'mine': "
    said = f"my_layers.Broken.{method} failed at {folder}/my_layers.py:{line} with ValueError: no luck"
    assert str(caught.value) == place + said
    cause = caught.value.__cause__
    assert isinstance(cause, ValueError)
    shown = "".join(traceback.format_exception(caught.value))  # what a user of the API sees
    assert 'raise ValueError("no luck")' in shown
    assert "in luckless" in shown
    assert str(folder / "my_layers.py") in shown


@pytest.mark.parametrize(
    ("said", "what"), [("shape", "could not broadcast"), ("negative", r"negative sizes, found \(2, -1\)")]
)
def test_shapes_that_do_not_fit_are_told(make, said, what):
    with pytest.raises(NetError, match=rf"Broken\.forward failed at .*my_layers\.py:\d+ with ValueError: .*{what}"):
        make("Broken", said).forward()


@pytest.mark.parametrize(
    ("cls", "says"),
    [
        ("Thrice", "module 'my_layers' has no class 'Thrice'"),
        ("Alien", "'Alien' of module 'my_layers' must derive from protonet.Layer"),
        ("function", "'function' of module 'my_layers' must derive from protonet.Layer"),
        ("Nothing", r"my_layers\.Nothing\.reshape failed with NotImplementedError: define it: it gives every top"),
    ],
)
def test_what_is_no_layer_is_refused(make, cls, says):
    with pytest.raises(NetError, match=f"layer 'mine': {says}"):
        make(cls)


def test_methods_that_are_not_there_are_asked_for(make):
    with pytest.raises(NetError, match=r"NoForward\.forward failed with NotImplementedError: define it: it fills top"):
        make("NoForward").forward()
    net = make("NoBackward")
    net.forward()
    with pytest.raises(
        NetError, match=r"NoBackward\.backward failed with NotImplementedError: define it: it fills bottom"
    ):
        net.backward()


def test_it_does_not_work_in_place(make):
    with pytest.raises(NetError, match="Python cannot work in place: 'x' is both bottom and top"):
        make("Twice", tops='top: "x"', text=TEXT.replace('bottom: "y"', 'bottom: "x"'))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "module 'other' is in no folder where it is looked for: add its folder to PYTHONPATH"),
        ("x = [\n", r"module 'other' failed when it was imported at \S+other\.py:1 with SyntaxError: '\[' was never"),
        (
            "\nimport no_such_thing\n",
            r"failed when it was imported at \S+other\.py:2 with ModuleNotFoundError: No module",
        ),
        (
            "import math\n\nmath.sqrt(-1)\n",
            r"failed when it was imported at \S+other\.py:3 with ValueError: math domain",
        ),
    ],
)
def test_a_module_that_cannot_be_imported_is_told(make, folder, text, says):
    if text is not None:
        (folder / "other.py").write_text(text)
    with pytest.raises(NetError, match=says):
        make("Twice", text=TEXT.replace("my_layers", "other"))


def test_it_runs_no_code_where_that_is_not_allowed(make):
    python.allow(False)
    with pytest.raises(NetError, match=r"layer 'mine': would import module 'my_layers' .* with --python-layers"):
        make("Twice")
    assert "my_layers" not in sys.modules


def test_a_reshape_keeps_what_is_there():
    blob = python.PythonBlob((2, 3))
    blob.data[...] = np.arange(6).reshape(2, 3)
    blob.reshape(3, 2)
    assert_array_equal(blob.data, np.arange(6).reshape(3, 2))
    blob.reshape(4)
    assert_array_equal(blob.data, np.zeros(4))
    assert (blob.num, blob.channels, blob.height, blob.count) == (4, 1, 1, 4)
