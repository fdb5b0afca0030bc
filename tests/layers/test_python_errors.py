"""Layers written in Python: what goes wrong in them, with place and cause; what is no layer, or not allowed."""

import sys
import traceback

import numpy as np
import pytest

import protonet
from protonet.errors import NetError
from protonet.layers import python
from tests.layers.conftest import SOURCE, TEXT


@pytest.mark.parametrize("method", ["setup", "reshape", "forward", "backward"])
def test_what_goes_wrong_in_it_is_told_with_layer_method_and_line(python_net, python_folder, method):
    text = SOURCE.read_text()
    line = text[: text.index("# here")].count("\n") + 1

    def attempt():
        net = python_net("Broken", method)
        net.forward()
        net.backward()

    with pytest.raises(NetError) as caught:
        attempt()
    place = r"net.prototxt:5:1: layer 'mine': "
    said = f"my_layers.Broken.{method} failed at {python_folder}/my_layers.py:{line} with ValueError: no luck"
    assert str(caught.value) == place + said
    cause = caught.value.__cause__
    assert isinstance(cause, ValueError)
    shown = "".join(traceback.format_exception(caught.value))  # what a user of the API sees
    assert 'raise ValueError("no luck")' in shown
    assert "in luckless" in shown
    assert str(python_folder / "my_layers.py") in shown


@pytest.mark.parametrize(
    ("said", "what"), [("shape", "could not broadcast"), ("negative", r"negative sizes, found \(2, -1\)")]
)
def test_shapes_that_do_not_fit_are_told(python_net, said, what):
    with pytest.raises(NetError, match=rf"Broken\.forward failed at .*my_layers\.py:\d+ with ValueError: .*{what}"):
        python_net("Broken", said).forward()


@pytest.mark.parametrize(
    ("cls", "says"),
    [
        ("Thrice", "module 'my_layers' has no class 'Thrice'"),
        ("Alien", "'Alien' of module 'my_layers' must derive from protonet.Layer"),
        ("function", "'function' of module 'my_layers' must derive from protonet.Layer"),
        ("Nothing", r"my_layers\.Nothing\.reshape failed with NotImplementedError: define it: it gives every top"),
    ],
)
def test_what_is_no_layer_is_refused(python_net, cls, says):
    with pytest.raises(NetError, match=f"layer 'mine': {says}"):
        python_net(cls)


def test_methods_that_are_not_there_are_asked_for(python_net):
    with pytest.raises(NetError, match=r"NoForward\.forward failed with NotImplementedError: define it: it fills top"):
        python_net("NoForward").forward()
    net = python_net("NoBackward")
    net.forward()
    with pytest.raises(
        NetError, match=r"NoBackward\.backward failed with NotImplementedError: define it: it fills bottom"
    ):
        net.backward()


def test_it_does_not_work_in_place(python_net):
    with pytest.raises(NetError, match="Python cannot work in place: 'x' is both bottom and top"):
        python_net("Twice", tops='top: "x"', text=TEXT.replace('bottom: "y"', 'bottom: "x"'))


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
def test_a_module_that_cannot_be_imported_is_told(python_net, python_folder, text, says):
    if text is not None:
        (python_folder / "other.py").write_text(text)
    with pytest.raises(NetError, match=says):
        python_net("Twice", text=TEXT.replace("my_layers", "other"))


def test_it_runs_no_code_where_that_is_not_allowed(python_net):
    python.allow(False)
    with pytest.raises(NetError, match=r"layer 'mine': would import module 'my_layers' .* with --python-layers"):
        python_net("Twice")
    assert "my_layers" not in sys.modules


def test_a_compiled_program_tells_it_too(python_net):
    python_net("Broken", "forward")
    program = protonet.compile("net.prototxt", {})
    with pytest.raises(
        NetError, match=r"layer 'mine': my_layers\.Broken\.forward failed at .*my_layers\.py:\d+ with V"
    ):
        program.run(np.ones((2, 3), np.float32))
