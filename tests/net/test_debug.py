"""debug_info: the numbers of each layer, before the next one works on them in place."""

import logging
import re

import numpy as np
import pytest

from tests.net.tools import CNN, data, ip, layer, net

LINE = re.compile(r"    \[(Forward|Backward)\] Layer (\S+), (top|param|bottom) blob (\S+) (data|diff): (\S+)")


def said(caplog):
    return {match.groups()[:5]: float(match[6]) for match in map(LINE.fullmatch, caplog.messages) if match}


def size(array):
    return pytest.approx(float(np.abs(array).mean(dtype=np.float64)), rel=1e-5)


@pytest.fixture(autouse=True)
def info(caplog):
    caplog.set_level(logging.INFO, "protonet.net.debug")


def test_every_top_and_parameter_is_told_forward(caplog):
    made = net("debug_info: true\n" + data(2, 3) + ip("a", "data", "a") + layer("r", "ReLU", "a", "a"))
    made.blobs["data"].data[...] = [[1, -2, 3], [0, 1, 0]]
    made.forward_layers()
    w, b = (blob.data for blob in made.params["a"])
    before = made.blobs["data"].data @ w.T + b
    assert said(caplog) == {
        ("Forward", "in_data", "top", "data", "data"): size(made.blobs["data"].data),
        ("Forward", "a", "top", "a", "data"): size(before),
        ("Forward", "a", "param", "0", "data"): size(w),
        ("Forward", "a", "param", "1", "data"): size(b),
        ("Forward", "r", "top", "a", "data"): size(made.blobs["a"].data),
    }


def test_every_gradient_is_told_backward_and_all_parameters_together(caplog):
    made = net("debug_info: true\n" + CNN, phase=0)
    made.forward_layers()
    caplog.clear()
    made.clear_param_diffs()
    made.backward_layers()
    found = said(caplog)
    assert found[("Backward", "loss", "bottom", "fc", "diff")] == size(made.blobs["fc"].diff)
    assert found[("Backward", "conv2", "bottom", "pool1_pool1_0_split_0", "diff")] > 0
    for name in "conv1", "scale1", "conv2", "fc":
        for i, blob in enumerate(made.params[name]):
            assert found[("Backward", name, "param", str(i), "diff")] == size(blob.diff), name
    assert not any(key[1] == "conv1" and key[2] == "bottom" for key in found)  # data need no gradient
    assert not any(key[1] == "bn1" and key[2] == "param" for key in found)  # statistics do not learn
    arrays = [[blob.data for each in made.params.values() for blob in each]]
    arrays.append([blob.diff for each in made.params.values() for blob in each])
    norms = [float(x) for x in re.findall(r"[\d.e+-]+", caplog.messages[-1].partition("L1")[2].replace("L2", ""))]
    assert caplog.messages[-1].startswith("    [Backward] All net params (data, diff): L1 norm = (")
    l1 = [sum(np.abs(a).sum() for a in each) for each in arrays]
    l2 = [sum(np.square(a, dtype="f8").sum() for a in each) ** 0.5 for each in arrays]
    assert norms[-4:] == pytest.approx([*l1, *l2], rel=1e-4)


def test_looking_changes_nothing():
    nets = [net(text + CNN, phase=0, seed=4) for text in ("", "debug_info: true\n")]
    losses = []
    for made in nets:
        losses.append(made.forward_layers())
        made.clear_param_diffs()
        made.backward_layers()
    assert losses[0] == losses[1]
    for name in nets[0].params:
        for a, b in zip(nets[0].params[name], nets[1].params[name], strict=True):
            np.testing.assert_array_equal(a.diff, b.diff)


def test_a_part_of_the_net_tells_of_its_layers_only(caplog):
    made = net("debug_info: true\n" + data(2, 3) + ip("a", "data", "a") + ip("b", "a", "b"))
    made.forward_layers(1, 1)
    assert {key[1] for key in said(caplog)} == {"a"}
    made.backward_layers(2, 2)
    assert "All net params" not in caplog.text
