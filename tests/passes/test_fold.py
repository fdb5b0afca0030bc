"""Where affines go: up, down, together, or nowhere; and what the blobs are called then."""

import pytest

from protonet.passes import Journal, run
from tests.passes.tools import assert_same, bn, conv, data, folded, has, ip, layer, made, reasons, scale, types

SHAPE = 2, 3, 9, 8


def names(graph):
    return [value.name for node in graph.nodes for value in node.outputs]


def test_the_last_name_of_the_chain_stays(rng):
    text = conv("c", "data") + bn("b", "c", "b") + scale("s", "b", "s") + layer("r", "ReLU", "s", "r")
    before, after, journal = folded(data(*SHAPE) + text, rng)
    assert names(after) == ["data", "s", "r"]
    assert [str(note) for note in journal.done] == ["BatchNorm b + Scale s: folded into Convolution c"]
    assert_same(before, after)


def test_a_chain_in_place_keeps_its_name(rng):
    text = conv("c", "data") + bn("b", "c") + scale("s", "c") + layer("r", "ReLU", "c")
    before, after, _ = folded(data(*SHAPE) + text, rng)
    assert types(after) == ["Convolution", "ReLU"]
    assert_same(before, after)


def test_an_output_keeps_its_name(rng):
    before, after, _ = folded(data(*SHAPE) + conv("c", "data") + bn("b", "c", "b"), rng)
    assert [value.name for value in after.outputs] == ["b"]
    assert_same(before, after)


def test_what_reads_the_middle_keeps_it(rng):
    """Another reader of BatchNorm's top: BatchNorm folds, Scale stays."""
    text = conv("c", "data") + bn("b", "c", "b") + scale("s", "b", "s") + ip("y", "b")
    before, after, journal = folded(data(*SHAPE) + text, rng)
    assert types(after) == ["Convolution", "Scale", "InnerProduct"]
    assert names(after) == ["data", "b", "s", "y"]
    assert "Convolution c is read by InnerProduct y too" in reasons(journal)
    assert_same(before, after)


def test_what_reads_the_convolution_too_keeps_it(rng):
    text = conv("c", "data") + bn("b", "c", "b") + layer("r", "ReLU", "c", "r") + layer("e", "Eltwise", "b r", "e")
    before, after, journal = folded(data(*SHAPE) + text, rng)
    assert types(after) == ["Convolution", "Scale", "ReLU", "Eltwise"]
    assert "above, Convolution c is read by ReLU r too; below, Eltwise e adds others" in reasons(journal)
    assert_same(before, after)


def test_a_convolution_that_is_an_output_keeps_its_numbers(rng):
    graph = made(data(*SHAPE) + conv("c", "data") + bn("b", "c", "b"), rng)
    graph.outputs.append(graph.nodes[1].outputs[0])
    before = graph.copy()
    journal = run(graph)
    assert types(graph) == ["Convolution", "Scale"]
    assert "'c' is an output of the net" in reasons(journal)
    assert_same(before, graph)


def test_several_in_a_row_become_one(rng):
    text = (
        bn("a", "data", "a")
        + scale("s", "a", "s")
        + bn("b", "s", "b")
        + scale("t", "b", "t", "")
        + layer("r", "ReLU", "t", "r")
    )
    before, after, journal = folded(data(*SHAPE) + text, rng)
    assert types(after) == ["Scale", "ReLU"]
    assert after.nodes[1].name == "t"
    assert str(journal.done[-1]) == "Scale t: takes the place of BatchNorm a + Scale s + BatchNorm b + Scale t"
    assert names(after) == ["data", "t", "r"]
    assert_same(before, after)


def test_up_comes_before_down(rng):
    before, after, journal = folded(data(*SHAPE) + conv("c", "data") + bn("b", "c", "b") + conv("d", "b"), rng)
    assert str(journal.done[0]) == "BatchNorm b: folded into Convolution c"
    assert_same(before, after)


def test_moving_is_told(rng):
    text = conv("a", "data") + conv("b", "data") + layer("e", "Eltwise", "a b", "e") + bn("n", "e")
    _, _, journal = folded(data(*SHAPE) + text, rng)
    assert str(journal.done[0]) == "BatchNorm n: folded into Convolution a, Convolution b across Eltwise e"


def test_all_or_nothing(rng):
    """One reader cannot absorb: none does."""
    text = bn("n", "data", "x") + conv("y", "x") + layer("r", "ReLU", "x", "r")
    before, after, journal = folded(data(*SHAPE) + text, rng)
    assert types(after) == ["Scale", "Convolution", "ReLU"]
    assert after.nodes[2].blobs[0] is before.nodes[2].blobs[0]
    assert "below, ReLU r stands between" in reasons(journal)


@has("Slice")
def test_ways_that_meet_are_left_alone(rng):
    text = (
        conv("c", "data", n=4)
        + layer("cut", "Slice", "c", "u v")
        + layer("cat", "Concat", "v u", "cat")
        + bn("n", "cat")
    )
    before, after, journal = folded(data(*SHAPE) + text, rng)
    assert "two ways meet in Slice cut" in reasons(journal)
    assert_same(before, after)


def test_a_value_below_that_changes_has_a_new_name(rng):
    text = (
        bn("n", "data", "x")
        + layer("p", "Pooling", "x", "p", "pooling_param { pool: AVE kernel_size: 2 }")
        + ip("y", "p")
    )
    before, after, _ = folded(data(*SHAPE) + text, rng)
    assert names(after) == ["data", "p/before/n", "y"]
    assert_same(before, after)


def test_what_takes_in_a_share_keeps_its_name(rng):
    """One affine goes into two: three layers may not have one name."""
    text = scale("s", "data", "a") + bn("b", "data", "c") + layer("e", "Eltwise", "a c", "e") + bn("n", "e", "f")
    before, after, _ = folded(data(*SHAPE) + text + layer("r", "ReLU", "f"), rng)
    assert [node.name for node in after.nodes] == ["data", "s", "b", "e", "r"]
    assert_same(before, after)


def test_folding_again_changes_nothing(rng):
    text = bn("n", "data", "x") + layer("r", "ReLU", "x") + conv("c", "x") + bn("b", "c") + scale("s", "c")
    _, after, _ = folded(data(*SHAPE) + text, rng)
    again, journal = after.copy(), Journal()
    run(again, journal=journal)
    assert types(again) == types(after)
    assert not journal.done
    assert all(
        a is b for m, n in zip(after.nodes, again.nodes, strict=True) for a, b in zip(m.blobs, n.blobs, strict=True)
    )


@pytest.mark.parametrize("depth", [30])
def test_a_deep_net_folds_wholly(depth, rng):
    text, last = "", "data"
    for i in range(depth):
        text += conv(f"c{i}", last, n=3, rest="kernel_size: 1") + bn(f"b{i}", f"c{i}") + scale(f"s{i}", f"c{i}")
        last = f"c{i}"
    _, after, journal = folded(data(*SHAPE) + text, rng)
    assert types(after) == ["Convolution"] * depth
    assert len(journal.done) == depth
    assert not journal.left
