"""Every recorded case of real Caffe whose layers are known here: the same numbers forward, backward and in the losses.

Errors are relative to the largest magnitude of each array, since Caffe's own float32 sums are no better than that.
"""

import numpy as np
import pytest

import protonet
from protonet.layers import REGISTRY
from tests.conftest import GOLDEN

FORWARD, GRADIENT = 1e-5, 1e-4
CASES = sorted(GOLDEN.glob("*.npz"))
# where ours differs on purpose: case -> {blob: what to expect of what Caffe gave}, see golden/README.md
BETTER = {"neuron__relu_nan_inf": {"y": lambda case, y: np.where(case["in/x"] == -np.inf, 0, y)}}
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


def check(found, expected, tolerance, what):
    assert found.shape == expected.shape, what
    scale = np.max(np.abs(expected[np.isfinite(expected)]), initial=np.finfo("f4").tiny)
    np.testing.assert_allclose(found / scale, expected / scale, rtol=0, atol=tolerance, err_msg=what)


@pytest.mark.parametrize("path", READY, ids=[path.stem for path in READY])
def test_agrees_with_caffe(path, tmp_path, monkeypatch):
    monkeypatch.chdir(GOLDEN)  # some cases name files there
    with np.load(path) as file:
        case = dict(file)
    prototxt = tmp_path / "net.prototxt"
    prototxt.write_text(str(case["prototxt"]))
    net = protonet.Net(str(prototxt), getattr(protonet, str(case["phase"])))
    for name, array in entries(case, "in").items():
        net.blobs[name].data[...] = array
    for name, array in entries(case, "param").items():
        blob_of(net, name).data[...] = array

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
    for name, array in entries(case, "topdiff").items():
        net.blobs[name].diff[...] = array
    net.clear_param_diffs()
    net.backward()
    for name, expected in diffs.items():
        check(net.blobs[name].diff, expected, GRADIENT, f"gradient of {name}")
    for name, expected in paramdiffs.items():
        check(blob_of(net, name).diff, expected, GRADIENT, f"gradient of parameter {name}")


def test_every_case_runs():
    if not CASES:
        pytest.skip(f"{GOLDEN} is absent (set PROTONET_SHARED)")
    waiting = {path.stem: missing(path) for path in CASES if path not in READY}
    if waiting:
        types = sorted({name for names in waiting.values() for name in names})
        pytest.skip(f"not yet: {len(waiting)} of {len(CASES)} cases, for want of {', '.join(types)}")
