"""Every recorded case of real Caffe whose layers are known here: the same numbers forward, backward and in the losses.

Errors are relative to the largest magnitude of each array, since Caffe's own float32 sums are no better than that.
"""

import numpy as np
import pytest
from google.protobuf import text_format

import protonet
from protonet.layers import REGISTRY
from protonet.proto import caffe_pb2
from tests.conftest import GOLDEN

FORWARD, GRADIENT = 1e-5, 1e-4
CASES = sorted(GOLDEN.glob("*.npz"))
# where ours differs on purpose: case -> {blob: what to expect of what Caffe gave}, see golden/README.md
BETTER = {"neuron__relu_nan_inf": {"y": lambda case, y: np.where(case["in/x"] == -np.inf, 0, y)}}
# in place, Caffe's gradients of these are wrong: it has overwritten what they depend on
WRONG_GRADIENT = {"neuron__clip_inplace", "neuron__power_inplace", "weird__inplace_chain"}
# Caffe counts the weight of a loss that is also read by a layer too often
WRONG_LOSS = {"weird__loss_top_used_explicit"}


def missing(path):
    """The layer types of a case that nobody has written yet."""
    with np.load(path) as case:
        return sorted(set(map(str, case["layer_types"])) - set(REGISTRY))


READY = [path for path in CASES if not missing(path)]


def entries(case, kind):
    """name -> array of the keys `kind/name`."""
    return {key.removeprefix(f"{kind}/"): case[key] for key in case if key.startswith(f"{kind}/")}


def blob_of(net, name):
    """The parameter blob of a key `layer/index`."""
    layer, _, index = name.rpartition("/")
    return net.params[layer][int(index)]


def largest(array):
    return np.max(np.abs(array[np.isfinite(array)]), initial=np.finfo("f4").tiny)


def check(found, expected, tolerance, what, floor=0.0):
    """floor: the least magnitude to be relative to; a gradient that should be 0 is but the dust of larger ones."""
    assert found.shape == expected.shape, what
    scale = max(largest(expected), floor)
    np.testing.assert_allclose(found / scale, expected / scale, rtol=0, atol=tolerance, err_msg=what)


def load(case, folder, text):
    """The net of a case as `text` writes it, with its inputs and parameters."""
    prototxt = folder / "net.prototxt"
    prototxt.write_text(text)
    net = protonet.Net(str(prototxt), getattr(protonet, str(case["phase"])))
    for name, array in entries(case, "in").items():
        net.blobs[name].data[...] = array
    for name, array in entries(case, "param").items():
        blob_of(net, name).data[...] = array
    return net


def backward(net, topdiff):
    for name, array in topdiff.items():
        net.blobs[name].diff[...] = array
    net.clear_param_diffs()
    net.backward()


def apart(text):
    """(the net with nothing in place, the last names of its blobs)."""
    net, now = text_format.Parse(text, caffe_pb2.NetParameter()), {}
    for layer in net.layer:
        bottoms = list(layer.bottom)
        for i, name in enumerate(bottoms):
            layer.bottom[i] = now.get(name, name)
        for i, name in enumerate(layer.top):
            if name in bottoms:
                layer.top[i] = now[name] = f"{name}_{layer.name}"
    return text_format.MessageToString(net), now


@pytest.mark.parametrize("path", READY, ids=[path.stem for path in READY])
def test_agrees_with_caffe(path, tmp_path, monkeypatch):
    monkeypatch.chdir(GOLDEN)  # some cases name files there
    with np.load(path) as file:
        case = dict(file)
    net = load(case, tmp_path, str(case["prototxt"]))
    loss = net._forward(0, len(net.layers) - 1)
    for name, expected in entries(case, "out").items():
        better = BETTER.get(path.stem, {}).get(name, lambda case, y: y)
        check(net.blobs[name].data, better(case, expected), FORWARD, f"blob {name}")
    if "loss" in case and path.stem not in WRONG_LOSS:
        check(np.array(loss), case["loss"], FORWARD, "loss")
    for name, expected in entries(case, "param_after").items():
        check(blob_of(net, name).data, expected, FORWARD, f"parameter {name} after forward")

    diffs, paramdiffs = entries(case, "diff"), entries(case, "paramdiff")
    if not diffs and not paramdiffs:
        return
    backward(net, entries(case, "topdiff"))
    if path.stem in WRONG_GRADIENT:
        text, now = apart(str(case["prototxt"]))
        other = load(case, tmp_path, text)
        other.forward()
        backward(other, {now.get(name, name): array for name, array in entries(case, "topdiff").items()})
        diffs = {name: other.blobs[name].diff for name in diffs}
        paramdiffs = {name: blob_of(other, name).diff for name in paramdiffs}
    floor = 1e-2 * max(map(largest, [*diffs.values(), *paramdiffs.values()]))
    for name, expected in diffs.items():
        check(net.blobs[name].diff, expected, GRADIENT, f"gradient of {name}", floor)
    for name, expected in paramdiffs.items():
        check(blob_of(net, name).diff, expected, GRADIENT, f"gradient of parameter {name}", floor)


def test_every_case_runs():
    if not CASES:
        pytest.skip(f"{GOLDEN} is absent (set PROTONET_SHARED)")
    waiting = {path.stem: missing(path) for path in CASES if path not in READY}
    if waiting:
        types = sorted({name for names in waiting.values() for name in names})
        pytest.skip(f"not yet: {len(waiting)} of {len(CASES)} cases, for want of {', '.join(types)}")
