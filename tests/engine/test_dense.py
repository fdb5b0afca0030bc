"""InnerProduct of one image and of several, from any layout."""

import pytest

from tests.engine.tools import agree, conv, dense, layer, operations, pool, relu


@pytest.mark.parametrize("images", [1, 2, 5, 17])
@pytest.mark.parametrize("outputs", [3, 10, 70, 130])
def test_from_blocks_from_blocks_with_a_halo_and_from_vectors(images, outputs):
    body = conv("a", "x", 13, 3) + relu("a") + dense("y", "a", outputs) + relu("y") + dense("z", "y", 7)
    agree(body, (images, 3, 7, 5), threads=(1, 2))
    agree(body + conv("b", "a", 16, 3, pad=1), (images, 3, 7, 5), threads=(1, 2), tolerance=5e-5)


@pytest.mark.parametrize("size", [1, 7, 16, 20, 36, 50, 500])
def test_any_number_of_inputs(size):
    for images in (1, 3):
        agree(dense("y", "x", 24) + relu("y"), (images, size), threads=(1, 2))


def test_weights_that_lie_turned_and_no_bias():
    for images in (1, 3):
        agree(conv("a", "x", 24) + dense("y", "a", 11, transpose="true", bias_term="false"), (images, 3, 4, 5))


def test_an_axis_other_than_1():
    agree(dense("y", "x", 6, axis=2), (2, 3, 20))
    agree(dense("y", "x", 6, axis=-1), (2, 3, 4, 20))


def test_a_classifier_needs_no_plain_layers_but_softmax():
    body = conv("a", "x", 32, 3) + relu("a") + pool("p", "a", "MAX", kernel_size=2, stride=2) + dense("f", "p", 100)
    program, _ = agree(body + relu("f") + dense("g", "f", 10) + layer("Softmax", "y", "g"), (1, 3, 10, 10))
    assert not any("gemm" in name or "pack" in name for name in operations(program))


def test_prelu_and_dropout_after_it():
    body = (
        dense("y", "x", 40)
        + layer("PReLU", "p", "y", tops=["y"])
        + layer("Dropout", "d", "y", tops=["y"])
        + dense("z", "y", 5)
    )
    agree(body, (1, 20))
    agree(body, (4, 20))
