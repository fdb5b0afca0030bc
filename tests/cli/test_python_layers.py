"""Layers in Python from the command line: only where --python-layers allows it; what goes wrong in them, in a line."""

import sys

import numpy as np
import pytest

import protonet

MODULE = """import protonet


class Twice(protonet.Layer):
    def reshape(self, bottom, top):
        if self.param_str == "reshape":
            raise RuntimeError("first line\\nand second")
        top[0].reshape(*bottom[0].shape)

    def forward(self, bottom, top):
        if self.param_str == "forward":
            raise KeyError("lost")
        top[0].data[...] = 2 * bottom[0].data

    def backward(self, top, propagate_down, bottom):
        if self.param_str == "backward":
            bottom[0].nothing
        bottom[0].diff[...] = 2 * top[0].diff
"""
NET = """
layer { name: "in" type: "DummyData" top: "x" top: "label" include { phase: TRAIN } dummy_data_param {
  shape { dim: 4 dim: 3 } shape { dim: 4 } data_filler { type: "gaussian" } data_filler { value: 1 } } }
layer { name: "in" type: "Input" top: "x" top: "label" include { phase: TEST } input_param {
  shape { dim: 4 dim: 3 } shape { dim: 4 } } }
layer { name: "fc" type: "InnerProduct" bottom: "x" top: "fc" inner_product_param { num_output: 5
  weight_filler { type: "xavier" } } }
layer { name: "twice" type: "Python" bottom: "fc" top: "y"
  python_param { module: "doubling" layer: "Twice" param_str: "@" } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "y" bottom: "label" top: "loss" }
"""
DEPLOY = NET[NET.index('layer { name: "in" type: "Input"') : NET.index('layer { name: "loss"')].replace(
    ' top: "label"', ""
)
SOLVER = 'net: "net.prototxt" base_lr: 0.1 lr_policy: "fixed" max_iter: 2 snapshot_prefix: "it"'


@pytest.fixture
def project(here, monkeypatch):
    """A folder with a net, a solver, its weights and the module; nothing of it imported."""
    monkeypatch.syspath_prepend(str(here))
    (here / "doubling.py").write_text(MODULE)
    write(here)
    net = protonet.Net(str(here / "net.prototxt"), protonet.TEST)
    net.save(here / "w.caffemodel")
    np.save(here / "x.npy", np.ones((4, 3), np.float32))
    sys.modules.pop("doubling")
    yield here
    sys.modules.pop("doubling", None)


def write(folder, said=""):
    (folder / "net.prototxt").write_text(NET.replace("@", said))
    (folder / "deploy.prototxt").write_text(
        DEPLOY.replace("@", said).replace("shape { dim: 4 } } }", "} }").replace("include { phase: TEST }", "")
    )
    (folder / "solver.prototxt").write_text(SOLVER)


VERBS = {
    "train": ["train", "-solver", "solver.prototxt"],
    "test": ["test", "-model", "net.prototxt", "-weights", "w.caffemodel", "-iterations", "1"],
    "time": ["time", "-model", "net.prototxt", "-iterations", "1", "-phase", "TRAIN"],
    "show": ["show", "net.prototxt"],
    "run": ["run", "deploy.prototxt", "w.caffemodel", "x.npy"],
    "deploy": ["deploy", "net.prototxt", "w.caffemodel", "-o", "out"],
    "compile": ["compile", "deploy.prototxt", "w.caffemodel", "-o", "out.program"],
    "check": ["check", "net.prototxt"],
}


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_runs_code_that_a_prototxt_names_unless_it_is_allowed(verb, command, project):
    done = command(*VERBS[verb])
    assert done.code == 1
    said = done.err + done.out
    line = next(line for line in said.splitlines() if "doubling" in line)
    assert "layer 'twice': would import module 'doubling' and run its class Twice" in line
    assert "only if you say so, with --python-layers" in line
    assert "doubling" not in sys.modules


@pytest.mark.parametrize("verb", VERBS)
def test_with_the_flag_every_verb_runs_it(verb, command, project):
    done = command(*VERBS[verb], "--python-layers")
    assert done.code == 0, done.err
    assert "doubling" in sys.modules


def test_a_program_in_a_file_names_code_as_its_net_did(command, project):
    assert command(*VERBS["compile"], "--python-layers").code == 0
    sys.modules.pop("doubling")
    done = command("run", "out.program", "x.npy")
    assert done.code == 1
    assert "doubling" not in sys.modules
    assert "--python-layers" in done.err
    assert len(done.err.splitlines()) == 1
    assert command("run", "out.program", "x.npy", "--python-layers").code == 0
    assert "doubling" in sys.modules


@pytest.mark.parametrize(
    ("where", "verb", "line", "what"),
    [
        ("reshape", "show", 7, "with RuntimeError: first line and second"),
        ("forward", "test", 12, "with KeyError: 'lost'"),
        ("forward", "run", 12, "with KeyError: 'lost'"),
        ("forward", "time", 12, "with KeyError: 'lost'"),
        ("forward", "deploy", 12, "with KeyError: 'lost'"),
        ("backward", "train", 17, "with AttributeError: 'PythonBlob' object has no attribute 'nothing'"),
    ],
)
def test_what_goes_wrong_in_it_is_one_line_with_its_place(where, verb, line, what, command, project):
    write(project, where)
    done = command(*VERBS[verb], "--python-layers")
    assert done.code == 1
    *log, last = done.err.splitlines()
    assert last.startswith("protonet: ")
    assert "layer 'twice': " in last
    assert f"doubling.Twice.{where} failed at {project}/doubling.py:{line} {what}" in last
    assert not any("Traceback" in each for each in log)
