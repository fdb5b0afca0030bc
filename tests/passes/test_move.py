"""An affine across layers without weights: equal to rounding, or declined with the reason."""

import numpy as np
import pytest

from tests.passes.tools import assert_same, bn, conv, data, folded, has, ip, known, layer, reasons, scale, types

SHAPE = 2, 3, 9, 8
TWO = conv("a", "data", n=3) + conv("b", "data", n=2)
SAME = conv("a", "data") + conv("b", "data")


def norm(blob):
    return bn("bn", blob) + scale("s", blob)


def pool(bottom, rest):
    return layer("p", "Pooling", bottom, "p", f"pooling_param {{ {rest} }}")


def eltwise(rest="", bottoms="a b"):
    return layer("e", "Eltwise", bottoms, "e", f"eltwise_param {{ {rest} }}")


SLICE = layer("cut", "Slice", "c", "u v", "slice_param { slice_point: 3 }")
UP = {
    "Concat": TWO + layer("cat", "Concat", "a b", "cat") + norm("cat"),
    "Concat with its old name of axis": TWO
    + layer("cat", "Concat", "a b", "cat", "concat_param { concat_dim: 1 }")
    + norm("cat"),
    "Slice": conv("c", "data", n=5) + SLICE + norm("v") + layer("r", "ReLU", "u", "r"),
    "Eltwise sum": SAME + eltwise() + norm("e"),
    "Eltwise difference": SAME + eltwise("coeff: -2 coeff: 0.5") + norm("e"),
    "Eltwise product": SAME + eltwise("operation: PROD") + scale("s", "e", "e", ""),
    "average pooling": conv("c", "data") + pool("c", "pool: AVE kernel_size: 2 stride: 2") + norm("p"),
    "average pooling of all": conv("c", "data") + pool("c", "pool: AVE global_pooling: true") + norm("p"),
    "padded average pooling of what does not shift": conv("c", "data")
    + pool("c", "pool: AVE kernel_size: 3 pad: 1")
    + scale("s", "p", "p", ""),
    "Flatten of single positions": conv("c", "data", rest="kernel_h: 9 kernel_w: 8")
    + layer("f", "Flatten", "c", "f")
    + norm("f"),
}
POSITIVE = {
    "max pooling": conv("c", "data") + pool("c", "kernel_size: 3 stride: 2") + norm("p"),
    "padded max pooling": conv("c", "data") + pool("c", "kernel_size: 3 stride: 2 pad: 1") + norm("p"),
    "Eltwise maximum": SAME + eltwise("operation: MAX") + norm("e"),
    "ReLU of what does not shift": conv("c", "data") + layer("r", "ReLU", "c", "r") + scale("s", "r", "r", ""),
    "leaky ReLU": conv("c", "data")
    + layer("r", "ReLU", "c", "r", "relu_param { negative_slope: 0.1 }")
    + scale("s", "r", "r", ""),
}


@pytest.mark.parametrize("text", UP.values(), ids=UP)
def test_moves_up(text, rng):
    known(text)
    before, after, journal = folded(data(*SHAPE) + text, rng)
    assert not {"BatchNorm", "Scale", "Affine"} & set(types(after)), reasons(journal)
    assert_same(before, after)


@pytest.mark.parametrize("text", POSITIVE.values(), ids=POSITIVE)
def test_moves_up_if_no_factor_is_negative(text, rng):
    before, after, journal = folded(data(*SHAPE) + text, rng, positive=True)
    assert not {"BatchNorm", "Scale", "Affine"} & set(types(after)), reasons(journal)
    assert_same(before, after)
    before, after, journal = folded(data(*SHAPE) + text, rng)
    assert before.nodes[-1].blobs[0].min() < 0
    assert "Scale" in types(after)
    assert "negative" in reasons(journal)
    assert_same(before, after)


PRE = bn("bn", "data", "x") + scale("s", "x")
DOWN = {
    "Concat": PRE + layer("cat", "Concat", "x data", "cat") + conv("y", "cat"),
    "Concat of two": PRE + scale("t", "data", "z") + layer("cat", "Concat", "z x", "cat") + conv("y", "cat"),
    "Slice": PRE + layer("cut", "Slice", "x", "u v", "slice_param { slice_point: 1 }") + conv("y", "u") + ip("z", "v"),
    "average pooling": PRE + pool("x", "pool: AVE kernel_size: 2 stride: 2") + conv("y", "p"),
    "Flatten": PRE + layer("f", "Flatten", "x", "f") + ip("y", "f"),
    "Flatten from a later axis": PRE + layer("f", "Flatten", "x", "f", "flatten_param { axis: 2 }") + ip("y", "f"),
    "Eltwise product": scale("s", "data", "x", "") + eltwise("operation: PROD", "x data") + ip("y", "e"),
    "Eltwise sum of a shift": layer("s", "Bias", "data", "x") + eltwise("coeff: 3 coeff: 2", "data x") + ip("y", "e"),
    "several readers": PRE + conv("y", "x") + ip("z", "x"),
}


@pytest.mark.parametrize("text", DOWN.values(), ids=DOWN)
def test_moves_down(text, rng):
    known(text)
    before, after, journal = folded(data(*SHAPE) + text, rng)
    assert not {"BatchNorm", "Scale", "Bias", "Affine"} & set(types(after)), reasons(journal)
    assert_same(before, after)


C, D = conv("c", "data"), conv("d", "data")
DECLINED = [
    (C + pool("c", "pool: AVE kernel_size: 3 pad: 1") + norm("p"), "Pooling p averages zeros of its padding"),
    (
        conv("c", "data", rest="kernel_h: 2 kernel_w: 1") + pool("c", "kernel_size: 2 stride: 3") + norm("p"),
        "Pooling p may have windows outside the image",
    ),
    (
        C + pool("c", "pool: STOCHASTIC kernel_size: 2") + norm("p"),
        "Pooling p takes neither the largest nor the average",
    ),
    (C + layer("f", "Flatten", "c", "f") + norm("f"), "Flatten f joins channels of several factors"),
    (
        C + layer("f", "Flatten", "c", "f", "flatten_param { axis: 0 end_axis: 1 }") + norm("f"),
        "Flatten f does not keep the batch",
    ),
    (
        C + D + layer("k", "Concat", "c d", "k", "concat_param { axis: 2 }") + norm("k"),
        "Concat k does not join or cut along the channels",
    ),
    (C + layer("k", "Concat", "c c", "k") + norm("k"), "Concat k reads 'c' twice"),
    (C + eltwise("", "c c") + norm("e"), "Eltwise e reads 'c' twice"),
    (C + D + eltwise("operation: PROD", "c d") + norm("e"), "Eltwise e multiplies, and the shift comes after"),
    (C + D + eltwise("coeff: 0 coeff: 1", "c d") + norm("e"), "Eltwise e multiplies its first bottom by 0"),
    (C + D + layer("r", "ReLU", "d", "r") + eltwise("", "c r") + norm("e"), "ReLU r stands between"),
    (
        bn("bn", "data", "x") + eltwise("", "x data") + ip("y", "e"),
        "Eltwise e adds others, which the factor is not for",
    ),
    (
        bn("bn", "data", "x") + eltwise("operation: MAX", "x data") + ip("y", "e"),
        "Eltwise e takes the largest of several",
    ),
    (
        bn("bn", "data", "x") + eltwise("operation: PROD", "x data") + ip("y", "e"),
        "Eltwise e multiplies, and the shift comes before",
    ),
]


@pytest.mark.parametrize(("text", "why"), DECLINED, ids=[why for _, why in DECLINED])
def test_is_declined(text, why, rng):
    before, after, journal = folded(data(*SHAPE) + text, rng)
    assert why in reasons(journal), reasons(journal)
    assert "Scale" in types(after)
    assert_same(before, after)


RESHAPES = {
    "one that keeps the batch": ("dim: 0 dim: 4 dim: -1 dim: 1", True),
    "one that infers it": ("dim: -1 dim: 4 dim: 42 dim: 1", True),
    "one that names it": ("dim: 2 dim: 4 dim: -1 dim: 1", False),
    "one that joins channels": ("dim: 0 dim: 2 dim: -1 dim: 1", True),
    "one that cuts channels": ("dim: 0 dim: 8 dim: -1 dim: 1", False),
}


@has("Reshape")
@pytest.mark.parametrize(("dims", "moves"), RESHAPES.values(), ids=RESHAPES)
def test_moves_across_a_reshape(dims, moves, rng):
    text = C + layer("re", "Reshape", "c", "re", f"reshape_param {{ shape {{ {dims} }} }}") + norm("re")
    before, after, journal = folded(data(*SHAPE) + text, rng)
    assert ("Scale" not in types(after)) == moves, reasons(journal)
    assert_same(before, after)
    text = PRE + layer("re", "Reshape", "x", "re", "reshape_param { shape { dim: 0 dim: 3 dim: -1 } }") + ip("y", "re")
    before, after, _ = folded(data(*SHAPE) + text, rng)
    assert types(after) == ["Reshape", "InnerProduct"]
    assert_same(before, after)


@has("PReLU")
def test_moves_across_learned_slopes(rng):
    text = conv("c", "data") + layer("r", "PReLU", "c", "r") + scale("s", "r", "r", "")
    before, after, _ = folded(data(*SHAPE) + text, rng, positive=True)
    assert types(after) == ["Convolution", "PReLU"]
    assert_same(before, after)


@has("Crop")
def test_moves_across_a_crop_of_the_map(rng):
    text = conv("c", "data") + conv("d", "data", rest="kernel_size: 5") + layer("k", "Crop", "c d", "k") + norm("k")
    before, after, _ = folded(data(*SHAPE) + text + ip("y", "d"), rng)
    assert "Scale" not in types(after)
    assert_same(before, after)


def test_only_what_changes_has_a_new_name(rng):
    text = TWO + layer("cat", "Concat", "a b", "cat") + norm("cat")
    before, after, _ = folded(data(*SHAPE) + text, rng)
    names = [value.name for node in after.nodes for value in node.outputs]
    assert names == ["data", "a/s", "b/s", "cat"]
    assert np.array_equal(before.nodes[1].blobs[0].shape, after.nodes[1].blobs[0].shape)


def test_only_the_part_that_has_something_is_moved(rng):
    text = TWO + layer("cat", "Concat", "a b", "cat") + scale("s", "cat")
    from protonet.passes import run
    from tests.passes.tools import made

    graph = made(data(*SHAPE) + text, rng)
    graph.nodes[-1].blobs[0][:3], graph.nodes[-1].blobs[1][:3] = 1, 0
    weights = graph.nodes[1].blobs[0]
    before = graph.copy()
    run(graph)
    assert graph.nodes[1].blobs[0] is weights
    assert graph.nodes[1].outputs[0].name == "a"
    assert graph.nodes[2].outputs[0].name == "b/s"
    assert_same(before, graph)
