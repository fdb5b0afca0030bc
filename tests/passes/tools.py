"""Small nets for tests of passes: from text to a graph with random numbers, and back to numbers."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.graph.build import build
from protonet.graph.emit import emit, parameters
from protonet.graph.read import read
from protonet.io import Weights
from protonet.layers import REGISTRY, TEST, make
from protonet.net import Net
from protonet.passes import FOLD, run
from protonet.passes.affine import NORMS
from protonet.prototxt import parse

DATA = 'layer {{ name: "data" type: "Input" top: "data" input_param {{ shape {{ {} }} }} }}\n'


def has(kind):
    """A mark for tests of a layer type that may not be there yet."""
    return pytest.mark.skipif(kind not in REGISTRY, reason=f"no layer type {kind} yet")


def known(text):
    """Skip a test whose net has layer types that are not there yet."""
    missing = set(re.findall(r'type: "(\w+)"', text)) - set(REGISTRY) - {"msra", "xavier"}
    if missing:
        pytest.skip(f"no layer type {', '.join(missing)} yet")


def data(*shape):
    """An Input layer 'data'."""
    return DATA.format(" ".join(f"dim: {n}" for n in shape))


def layer(name, kind, bottoms, top=None, rest=""):
    """A layer in text; `bottoms` and `top` are names with blanks between; without a top it works in place."""
    lines = [f'bottom: "{b}"' for b in bottoms.split()] + [f'top: "{t}"' for t in (top or bottoms).split()]
    return f'layer {{ name: "{name}" type: "{kind}" {" ".join(lines)} {rest} }}\n'


def conv(name, bottom, top=None, n=4, rest="kernel_size: 3", more=""):
    return layer(name, "Convolution", bottom, top or name, f"convolution_param {{ num_output: {n} {rest} }} {more}")


def ip(name, bottom, top=None, n=5, rest=""):
    return layer(name, "InnerProduct", bottom, top or name, f"inner_product_param {{ num_output: {n} {rest} }}")


def bn(name, bottom, top=None, rest=""):
    return layer(name, "BatchNorm", bottom, top, rest)


def scale(name, bottom, top=None, rest="bias_term: true"):
    return layer(name, "Scale", bottom, top, f"scale_param {{ {rest} }}")


def made(text, rng, positive=False):
    """The graph of a net in TEST, its parameters random; statistics are as training leaves; positive: all
    gammas.
    """
    graph = build(read(parse.loads(text), TEST).net, lambda param: make(param, TEST))
    for node in graph.nodes:
        params = node.layer.params(*(value.shape for value in node.inputs))
        node.blobs = [rng.normal(0, 1, param.shape).astype(np.float32) for param in params]
        if node.type in NORMS and node.type != "BN":
            node.blobs[1] = (rng.uniform(0.2, 3, node.blobs[1].shape) * 0.9).astype(np.float32)
            node.blobs[2] = np.array([0.9], np.float32)
        if positive and node.type == "Scale":
            node.blobs[0] = abs(node.blobs[0])
    return graph


def folded(text, rng, passes=FOLD, positive=False):
    """(graph before, graph after, journal)."""
    before = made(text, rng, positive)
    after = before.copy()
    return before, after, run(after, passes)


def types(graph):
    """The types of its layers, less the Input."""
    return [node.type for node in graph.nodes if node.type != "Input"]


def outputs(graph, rng):
    """{blob: array} of all its blobs, on random input."""
    net = Net(emit(graph), TEST, weights=Weights(parameters(graph)), trains=False)
    for name in net.inputs:
        net.blobs[name].data[...] = rng.normal(0, 1, net.blobs[name].shape)
    net.forward_layers()
    return {name: blob.data.copy() for name, blob in net.blobs.items() if name not in net.inputs}


def assert_same(before, after):
    """Every blob that both have holds the same numbers, and the outputs are among them."""
    ours, theirs = (outputs(graph, np.random.default_rng(3)) for graph in (before, after))
    names = [name for name in ours if name in theirs and "_split_" not in name]
    assert {value.name for value in before.outputs} <= set(names)
    for name in names:
        magnitude = abs(ours[name]).max()
        assert magnitude > 0, f"{name} is zero: proves nothing"
        assert_allclose(theirs[name], ours[name], rtol=0, atol=2e-5 * magnitude, err_msg=name)


def reasons(journal):
    """Why things were left alone, joined."""
    return "; ".join(note.text for note in journal.left)
