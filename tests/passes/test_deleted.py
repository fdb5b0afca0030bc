"""The popular answer, carried out."""

import numpy as np

from protonet.io import Weights
from protonet.passes.deleted import deleted
from protonet.prototxt import parse
from tests.passes.tools import bn, conv, data, layer, scale

TEXT = data(1, 3, 8, 8) + conv("c", "data") + bn("b", "c") + scale("s", "c") + layer("r", "ReLU", "c") + conv("d", "c")


def weights():
    names = "c", "b", "s", "d"
    return Weights({name: [np.ones(4)] for name in names})


def wiring(net):
    return [(each.name, list(each.bottom), list(each.top)) for each in net.layer if each.type != "Input"]


def test_batch_norm_goes_and_all_else_stays():
    net, kept = deleted(parse.loads(TEXT), weights())
    assert [name for name, *_ in wiring(net)] == ["c", "s", "r", "d"]
    assert list(kept) == ["c", "s", "d"]


def test_scale_may_go_as_well():
    net, kept = deleted(parse.loads(TEXT), weights(), with_scale=True)
    assert [name for name, *_ in wiring(net)] == ["c", "r", "d"]
    assert list(kept) == ["c", "d"]


def test_what_read_a_deleted_top_reads_its_bottom():
    text = (
        data(1, 3, 8, 8) + conv("c", "data") + bn("b", "c", "b") + scale("s", "b", "s") + layer("r", "ReLU", "s", "r")
    )
    net, _ = deleted(parse.loads(text), weights(), with_scale=True)
    assert wiring(net) == [("c", ["data"], ["c"]), ("r", ["c"], ["r"])]


def test_what_was_in_place_on_a_deleted_top_is_so_no_more():
    text = data(1, 3, 8, 8) + conv("c", "data") + bn("b", "c", "b") + layer("r", "ReLU", "b") + conv("d", "b")
    text += layer("e", "Concat", "c d", "e")
    net, _ = deleted(parse.loads(text), weights())
    assert wiring(net)[1:3] == [("r", ["c"], ["b"]), ("d", ["b"], ["d"])]


def test_a_scale_with_two_bottoms_stays():
    text = data(1, 3, 8, 8) + conv("c", "data") + layer("s", "Scale", "c c", "s", "scale_param { axis: 0 }")
    net, _ = deleted(parse.loads(text), weights(), with_scale=True)
    assert [name for name, *_ in wiring(net)] == ["c", "s"]
