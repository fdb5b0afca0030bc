"""Concat and Slice by placement: no copies where channels are whole blocks, and right where they are not."""

import pytest

from protonet.kernels.simd import W
from tests.engine.tools import agree, conv, dense, layer, operations, pool, relu


def copies(program):
    return sum(name in ("blocks.copy", "block.put", "block.take") for name in operations(program))


def test_parts_lie_where_the_whole_does():
    body = (
        conv("a", "x", 2 * W)
        + relu("a")
        + conv("b", "x", 4 * W, 3, pad=1)
        + pool("p", "b", "MAX", kernel_size=3, stride=1, pad=1)
    )
    body += (
        layer("Concat", "c", ["a", "b", "p"])
        + conv("y", "c", 16, 3, pad=1)
        + pool("q", "c", "AVE", kernel_size=2, stride=2)
    )
    program, _ = agree(body, (2, 3, 9, 7), tolerance=5e-5)
    assert copies(program) == 0


def test_a_concat_of_concats():
    """A dense block: each layer reads all before it."""
    body, last = conv("c0", "x", 2 * W), "c0"
    for i in range(1, 4):
        body += conv(f"n{i}", last, W, 3, pad=1) + relu(f"n{i}") + layer("Concat", f"c{i}", [last, f"n{i}"])
        last = f"c{i}"
    program, _ = agree(body + conv("y", last, 16), (2, 3, 9, 7), tolerance=5e-5)
    assert copies(program) == 0


@pytest.mark.parametrize("channels", [(W, 5), (5, W), (3, 5, 7), (2 * W, W + 1, W)])
def test_channels_that_are_no_whole_blocks(channels):
    names = [f"p{i}" for i in range(len(channels))]
    body = "".join(conv(name, "x", n) + relu(name) for name, n in zip(names, channels, strict=True))
    agree(body + layer("Concat", "c", names) + conv("y", "c", 16, 3, pad=1), (2, 3, 9, 7), tolerance=5e-5)


def test_a_value_twice_in_one_concat_and_once_in_another():
    body = (
        conv("a", "x", 2 * W)
        + conv("b", "x", W)
        + layer("Concat", "c", ["a", "a", "b"])
        + layer("Concat", "d", ["b", "a"])
    )
    agree(body + conv("y", "c", 16, 3, pad=1) + conv("z", "d", 16), (2, 3, 9, 7), tolerance=5e-5)


def test_an_input_and_an_output_of_the_net_in_a_concat():
    body = conv("a", "x", W) + layer("Concat", "y", ["x", "a"]) + conv("z", "y", 8)
    agree(body, (2, W, 5, 5))
    agree(conv("a", "x", W) + layer("Concat", "y", ["a", "x"]) + layer("ReLU", "r", "a"), (2, 3, 5, 5))


def test_a_concat_along_other_axes():
    body = conv("a", "x", W) + conv("b", "x", W)
    for axis in (0, 2, 3, -1):
        agree(body + layer("Concat", "y", ["a", "b"], f"concat_param {{ axis: {axis} }}"), (2, 3, 5, 5))


def test_a_concat_of_vectors_after_dense_layers():
    agree(dense("a", "x", 10) + dense("b", "x", 7) + layer("Concat", "y", ["a", "b"]) + dense("z", "y", 4), (3, 12))


@pytest.mark.parametrize("point", [W, W + 3])
def test_slice(point):
    body = conv("a", "x", 4 * W) + layer("Slice", "s", "a", f"slice_param {{ slice_point: {point} }}", ["b", "c"])
    body += conv("y", "b", 16, 3, pad=1) + conv("z", "c", 16, 5, pad=2) + relu("z")
    agree(body, (2, 3, 9, 7), tolerance=5e-5)


def test_slices_that_are_joined_again_the_other_way_round():
    body = conv("a", "x", 4 * W) + layer("Slice", "s", "a", "", ["b", "c"]) + layer("Concat", "d", ["c", "b"])
    agree(body + conv("y", "d", 16, 3, pad=1), (2, 3, 9, 7), tolerance=5e-5)


def test_flatten_and_reshape():
    flat = conv("a", "x", 20, 3) + layer("Flatten", "f", "a")
    agree(flat + dense("y", "f", 10), (2, 3, 9, 7))
    agree(flat + layer("Softmax", "y", "f"), (2, 3, 9, 7))
    shape = "reshape_param { shape { dim: 0 dim: 4 dim: -1 } }"
    agree(conv("a", "x", 20, 3) + layer("Reshape", "r", "a", shape) + dense("y", "r", 10, axis=2), (2, 3, 9, 7))
    agree(conv("a", "x", W) + pool("p", "a", "AVE", global_pooling="true") + layer("Flatten", "y", "p"), (3, 3, 9, 7))
