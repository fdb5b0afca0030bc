"""Graphs back into prototxts: what was in place is so again where nothing stands against it."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.graph.emit import emit, parameters
from protonet.graph.graph import Node, Value
from tests.conftest import CORPUS, files
from tests.passes.tools import data, layer, made, scale

CHAIN = data(2, 3, 4, 5) + scale("s", "data", "s") + scale("t", "s") + layer("r", "ReLU", "s") + scale("u", "s", "u")


def wiring(net):
    return [(each.name, list(each.bottom), list(each.top)) for each in net.layer]


@pytest.mark.parametrize(
    "text",
    [
        CHAIN,
        data(2, 3, 4, 5) + layer("r", "ReLU", "data") + scale("s", "data", "s"),
        data(2, 3, 4, 5)
        + scale("s", "data", "s")
        + layer("sp", "Split", "s", "a b")
        + layer("e", "Eltwise", "a b", "e"),
    ],
)
def test_an_unchanged_graph_is_the_net_it_came_from(text, rng):
    from protonet.prototxt import parse

    net = emit(made(text, rng))
    assert list(net.layer) == list(parse.loads(text).message.layer)


def test_numbers_go_by_name(rng):
    graph = made(CHAIN, rng)
    found = parameters(graph)
    assert list(found) == ["s", "t", "u"]
    assert_array_equal(found["t"][1], graph.nodes[2].blobs[1])


def test_a_second_reader_ends_what_is_in_place(rng):
    graph = made(CHAIN, rng)
    first, last = graph.nodes[1].outputs[0], graph.nodes[-1]
    last.inputs = [first]  # now read before and after it is worked on
    assert wiring(emit(graph)) == [
        ("data", [], ["data"]),
        ("s", ["data"], ["s/s"]),
        ("t", ["s/s"], ["s"]),
        ("r", ["s"], ["s"]),
        ("u", ["s/s"], ["u"]),
    ]


def test_an_output_is_not_worked_on_in_place(rng):
    graph = made(CHAIN, rng)
    graph.outputs.append(graph.nodes[1].outputs[0])
    assert wiring(emit(graph))[1:3] == [("s", ["data"], ["s/s"]), ("t", ["s/s"], ["s"])]


def test_an_input_keeps_its_name_when_another_value_has_it(rng):
    graph = made(data(2, 3, 4, 5) + layer("r", "ReLU", "data") + scale("s", "data", "s"), rng)
    graph.nodes[-1].inputs.append(graph.nodes[0].outputs[0])
    assert wiring(emit(graph)) == [
        ("data", [], ["data"]),
        ("r", ["data"], ["data/r"]),
        ("s", ["data/r", "data"], ["s"]),
    ]


def test_a_node_put_in_is_written(rng):
    graph = made(CHAIN, rng)
    before, after = graph.nodes[1].outputs[0], graph.nodes[2]
    value = Value("extra", before.shape, "extra")
    graph.insert(Node(graph.nodes[3].layer, [before], [value]), before=after)
    after.inputs = [value]
    graph.verify()
    assert wiring(emit(graph))[2:4] == [("r", ["s/s"], ["extra"]), ("t", ["extra"], ["s"])]


def test_the_message_of_a_layer_is_not_changed(rng):
    graph = made(CHAIN, rng)
    before = graph.nodes[1].layer.param.SerializeToString()
    emit(graph).layer[1].scale_param.axis = 2
    assert graph.nodes[1].layer.param.SerializeToString() == before
    assert not np.shares_memory(parameters(graph)["s"][0], graph.nodes[2].blobs[0])


NETS = [path for path in files(CORPUS, "*deploy*.prototxt") if path.stat().st_size < 60_000][:40]


@pytest.mark.parametrize("path", NETS, ids=[str(path.relative_to(CORPUS)) for path in NETS])
def test_real_nets_come_back_as_they_were(path):
    from protonet.errors import ProtonetError
    from protonet.graph.build import build
    from protonet.graph.read import read
    from protonet.layers import TEST, make

    try:
        definition = read(path, TEST)
        graph = build(definition.net, lambda param: make(param, TEST))
    except ProtonetError as error:
        pytest.skip(str(error))
    assert list(emit(graph).layer) == list(definition.net.layer)
