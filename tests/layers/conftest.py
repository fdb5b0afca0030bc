"""Nets with a layer of a user's, written in Python: for test_python.py and test_python_errors.py."""

import sys
from pathlib import Path

import pytest

import protonet
from protonet.layers import python

SOURCE = Path(__file__).with_name("python_layers.py")
TEXT = """
force_backward: true
layer {{ name: "in" type: "Input" top: "x" input_param {{ shape {{ dim: 2 dim: 3 }} }} }}
layer {{ name: "relu" type: "ReLU" bottom: "x" top: "x" }}
layer {{ name: "mine" type: "Python" bottom: "x" {tops}
  python_param {{ module: "my_layers" layer: "{cls}" param_str: "{said}" share_in_parallel: true }} {more} }}
layer {{ name: "after" type: "ReLU" bottom: "y" top: "z" }}
"""


@pytest.fixture
def python_folder(tmp_path, monkeypatch):
    """The current folder, with a module my_layers in it."""
    (tmp_path / "my_layers.py").write_text(SOURCE.read_text())
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    python.allow(True)
    for name in set(sys.modules) - before:  # a module of this name in the next folder is another one
        if str(tmp_path) in (getattr(sys.modules[name], "__file__", None) or ""):
            del sys.modules[name]


@pytest.fixture
def python_net(python_folder):
    def made(cls, said="2", tops='top: "y"', more="", phase=protonet.TRAIN, text=TEXT):
        (python_folder / "net.prototxt").write_text(text.format(cls=cls, said=said, tops=tops, more=more))
        return protonet.Net("net.prototxt", phase)

    return made
