"""Dropout and Split go; names that users know stay."""

from protonet.passes import DropIdentity, Journal
from tests.passes.tools import assert_same, data, layer, made, reasons, scale, types


def dropped(text, rng):
    before = made(data(2, 3, 4, 5) + text, rng)
    after, journal = before.copy(), Journal()
    DropIdentity().run(after, journal)
    return before, after, journal


def names(graph):
    return [value.name for node in graph.nodes for value in node.outputs]


def test_dropout_in_place_leaves_the_name(rng):
    before, after, _ = dropped(scale("s", "data", "s") + layer("d", "Dropout", "s") + layer("r", "ReLU", "s", "r"), rng)
    assert types(after) == ["Scale", "ReLU"]
    assert names(after) == ["data", "s", "r"]
    assert_same(before, after)


def test_dropout_with_a_name_of_its_own_leaves_that_of_its_bottom(rng):
    _, after, _ = dropped(scale("s", "data", "s") + layer("d", "Dropout", "s", "d") + layer("r", "ReLU", "d", "r"), rng)
    assert names(after) == ["data", "s", "r"]


def test_an_output_keeps_its_name(rng):
    before, after, _ = dropped(scale("s", "data", "s") + layer("d", "Dropout", "s", "d"), rng)
    assert names(after) == ["data", "d"]
    assert_same(before, after)


def test_the_readers_of_a_split_read_what_was_split(rng):
    text = layer("sp", "Split", "data", "a b") + scale("s", "a", "s") + scale("t", "b", "t")
    before, after, _ = dropped(text, rng)
    assert types(after) == ["Scale", "Scale"]
    assert names(after) == ["data", "s", "t"]
    assert_same(before, after)


def test_a_split_whose_tops_are_outputs_stays(rng):
    _, after, journal = dropped(scale("s", "data", "s") + layer("sp", "Split", "s", "a b"), rng)
    assert types(after) == ["Scale", "Split"]
    assert "its tops a, b are all outputs of the net" in reasons(journal)


def test_an_input_keeps_its_name(rng):
    _, after, journal = dropped(layer("d", "Dropout", "data", "d"), rng)
    assert types(after) == ["Dropout"]
    assert "gives the input 'data' the name 'd'" in reasons(journal)


def test_dropout_that_drops_always_stays(rng):
    _, after, journal = dropped(layer("d", "Dropout", "data", "d", "phase: TRAIN") + scale("s", "d", "s"), rng)
    assert types(after) == ["Dropout", "Scale"]
    assert "its own phase is TRAIN" in reasons(journal)
