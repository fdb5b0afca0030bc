import json

import pytest

from protonet.errors import NetError
from protonet.graph.read import read
from protonet.graph.splits import insert_splits
from protonet.proto import caffe_pb2
from protonet.prototxt.parse import loads
from protonet.prototxt.upgrade import upgrade_net
from tests.conftest import GOLDEN, needs


def phases():
    path = GOLDEN / "phases" / "phases.json"
    return json.loads(path.read_text()) if path.exists() else []


def case_name(case):
    return "-".join([case["net"], case["phase"], str(case["level"]), *case["stages"]])


@needs(GOLDEN)
@pytest.mark.parametrize("case", phases(), ids=case_name)
def test_layers_and_blobs_are_those_caffe_makes(case):
    phase = getattr(caffe_pb2, case["phase"])
    definition = read(GOLDEN / "phases" / f"{case['net']}.prototxt", phase, case["level"], case["stages"])
    net, _ = insert_splits(definition.net)
    assert [layer.name for layer in net.layer] == case["layers"]
    assert [layer.type for layer in net.layer] == case["types"]
    assert {layer.name: list(layer.bottom) for layer in net.layer} == case["bottoms"]
    named = {name: [top for top in tops if top != "(automatic)"] for name, tops in case["tops"].items()}
    assert {layer.name: list(layer.top) for layer in net.layer} == named
    for layer in net.layer:
        for top, weight in zip(layer.top, layer.loss_weight, strict=False):
            assert case["blob_loss_weights"][top] == weight


@needs(GOLDEN)
def test_all_of_caffes_cases_are_there():
    assert len(phases()) == 96


def split(text):
    net, origins = insert_splits(loads(text).message)
    return net, origins


DATA = 'layer { name: "d" type: "Input" top: "x" top: "y" }'


def test_origins_say_where_each_layer_was():
    net, origins = split(DATA + 'layer { name: "a" bottom: "x" } layer { name: "b" bottom: "x" bottom: "y" }')
    assert [layer.name for layer in net.layer] == ["d", "x_d_0_split", "a", "b"]
    assert origins == [0, None, 1, 2]
    assert list(net.layer[3].bottom) == ["x_d_0_split_1", "y"]


def test_a_net_without_shared_blobs_stays_as_it_is_and_the_given_one_always():
    net = loads(DATA + 'layer { name: "a" bottom: "x" top: "z" }').message
    before = net.SerializeToString()
    assert insert_splits(net)[0] == net
    shared = loads(DATA + 'layer { bottom: "x" bottom: "x" }').message
    insert_splits(shared)
    assert net.SerializeToString() == before
    assert len(shared.layer) == 2


def test_readers_of_a_blob_worked_on_in_place_get_what_the_last_layer_made():
    net, _ = split(
        DATA
        + 'layer { name: "r" bottom: "x" top: "x" } layer { name: "a" bottom: "x" } layer { name: "b" bottom: "x" }'
    )
    assert [layer.name for layer in net.layer] == ["d", "r", "x_r_0_split", "a", "b"]
    assert list(net.layer[1].top) == ["x"]


LOSS = 'layer { name: "l" type: "Slice" bottom: "x" top: "p" top: "q" loss_weight: 2 loss_weight: 3 }'


def test_a_loss_weight_moves_to_the_first_top_of_the_split():
    net, _ = split(DATA + LOSS + 'layer { name: "a" bottom: "p" } layer { name: "b" bottom: "q" }')
    loss, p, q = net.layer[1:4]
    assert not loss.loss_weight
    assert list(p.loss_weight) == [2, 0]
    assert list(q.loss_weight) == [3, 0]
    assert list(net.layer[4].bottom) == ["p_l_0_split_1"]


def test_a_weight_of_another_top_stays():
    net, _ = split(DATA + LOSS + 'layer { name: "a" bottom: "p" }')
    assert list(net.layer[1].loss_weight) == [0, 3]


def test_a_bottom_nobody_makes_is_refused_with_its_place():
    text = DATA + '\nlayer { name: "r" bottom: "xx" top: "y" }'
    with pytest.raises(NetError, match=r"^layer 'r': bottom 'z' is made by no layer before it$"):
        split(DATA + 'layer { name: "r" bottom: "z" }')
    with pytest.raises(NetError, match=r"did you mean 'data'\?"):
        split('layer { top: "data" } layer { bottom: "dta" }')
    definition = read(loads(text, name="f"), caffe_pb2.TEST)
    with pytest.raises(NetError, match=r"f:2:1: layer 'r': bottom 'xx' is made by no layer"):
        insert_splits(definition.net, definition.places)


def test_a_bottom_made_later_is_refused_and_the_maker_named():
    with pytest.raises(NetError, match=r"'z' is made by no layer before it \(layer 'm' makes it, later\)"):
        split(DATA + 'layer { name: "r" bottom: "z" } layer { name: "m" bottom: "x" top: "z" }')


def test_a_blob_made_twice_is_refused():
    with pytest.raises(NetError, match="layer 'b': top 'z' is made by layer 'a' already"):
        split(DATA + 'layer { name: "a" bottom: "x" top: "z" } layer { name: "b" bottom: "x" top: "z" }')
    with pytest.raises(NetError, match="layer 'a': top 'z' is made by layer 'a' already"):
        split('layer { name: "a" top: "z" top: "z" }')
    with pytest.raises(NetError, match="layer 'a': top 'y' is made by layer 'd' already"):
        split(DATA + 'layer { name: "a" bottom: "x" bottom: "y" top: "y" }')  # in place is the bottom at the same index


def test_working_in_place_on_what_another_layer_reads_is_refused():
    text = DATA + 'layer { name: "a" bottom: "x" top: "z" } layer { name: "r" bottom: "x" top: "x" }'
    with pytest.raises(NetError, match="layer 'r': cannot work in place on 'x': layer 'a' reads it as well"):
        split(text)


@needs(GOLDEN)
@pytest.mark.parametrize("file", ["missing_bottom", "bottom_later", "duplicate_top", "inplace_after_split"])
def test_what_caffe_refuses_is_refused(file):
    definition = read(GOLDEN / "errors" / f"{file}.prototxt", caffe_pb2.TRAIN)
    with pytest.raises(NetError, match=rf"{file}.prototxt:\d+:1: layer '"):
        insert_splits(definition.net, definition.places)


def test_old_input_fields_are_split_like_layers():
    net = loads('input: "x" input_dim: [1, 1, 1, 1] layer { bottom: "x" } layer { bottom: "x" }').message
    upgrade_net(net)
    assert insert_splits(net)[0].layer[1].name == "x_input_0_split"


def test_a_loss_weight_of_zero_stays_zero():
    text = (
        'layer { name: "d" type: "DummyData" top: "x" } layer { name: "e" type: "DummyData" top: "y" }'
        'layer { name: "l" type: "EuclideanLoss" bottom: "x" bottom: "y" top: "l" loss_weight: 0 }'
    )
    net, _ = insert_splits(loads(text, "NetParameter").message)
    assert list(net.layer[-1].loss_weight) == [0]
