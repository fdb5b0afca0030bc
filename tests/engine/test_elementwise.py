"""Scale, activations, Eltwise and layers that look at each number alone, on blocks."""

import pytest

from tests.engine.tools import agree, conv, layer, operations, relu

ALONE = {
    "AbsVal": "", "BNLL": "", "ELU": "", "Sigmoid": "", "TanH": "", "Swish": "swish_param { beta: 1.5 }",
    "Exp": "", "Power": "power_param { power: 2 scale: 0.5 shift: 1 }", "Threshold": "",
}  # fmt: skip


@pytest.mark.parametrize("kind", ALONE)
def test_layers_that_look_at_each_number_alone(kind):
    for channels in (20, 32):
        body = conv("a", "x", channels) + layer(kind, "b", "a", ALONE[kind]) + conv("y", "b", 16, 3, pad=1)
        agree(body, (2, 3, 9, 7), tolerance=5e-5)


def test_one_of_them_inside_a_concat():
    body = conv("a", "x", 32) + layer("Sigmoid", "s", "a") + conv("b", "x", 32) + layer("Concat", "c", ["s", "b"])
    agree(body + conv("y", "c", 16, 3, pad=1), (2, 3, 9, 7), tolerance=5e-5)


@pytest.mark.parametrize("channels", [20, 32])
@pytest.mark.parametrize("operation", ["SUM", "PROD", "MAX"])
def test_eltwise_of_two_and_of_three(operation, channels):
    parts = "".join(conv(name, "x", channels) + relu(name) for name in "abc")
    for bottoms in (["a", "b"], ["a", "b", "c"], ["a", "a", "b"]):
        body = parts + layer("Eltwise", "y", bottoms, f"eltwise_param {{ operation: {operation} }}") + relu("y", 0.1)
        agree(body, (2, 3, 7, 9))


def test_a_weighted_sum_of_maps_with_different_halos():
    body = conv("a", "x", 32) + conv("b", "x", 32) + conv("a5", "a", 16, 5, pad=2) + conv("b3", "b", 16, 3, pad=1)
    body += layer("Eltwise", "s", ["a", "b"], "eltwise_param { coeff: 2 coeff: -0.5 }") + conv("y", "s", 16, 3, pad=1)
    agree(body, (2, 3, 9, 9), tolerance=5e-5)


def test_a_sum_with_something_that_is_not_blocked():
    agree(conv("a", "x", 3) + layer("Eltwise", "y", ["a", "x"]), (2, 3, 9, 9))


@pytest.mark.parametrize("channels", [20, 32])
def test_scale_and_batch_norm_that_nothing_absorbs(channels):
    """As before each convolution of a DenseNet."""
    body = (
        conv("a", "x", channels)
        + relu("a")
        + layer("BatchNorm", "n", "a")
        + layer("Scale", "s", "n", "scale_param { bias_term: true }")
    )
    body += relu("s") + conv("b", "s", 16, 3, pad=1) + layer("Concat", "y", ["b", "a"])
    program, _ = agree(body, (2, 3, 9, 7), tolerance=5e-5)
    assert sum("affine" in name for name in operations(program)) == 1


def test_an_activation_that_stands_alone():
    body = conv("a", "x", 24) + layer("ReLU", "r", "a", "relu_param { negative_slope: 0.3 }") + layer("PReLU", "p", "a")
    agree(body + layer("Clip", "c", "a", "clip_param { min: -1 max: 0.5 }"), (2, 3, 9, 7))


def test_a_scale_of_other_axes_and_of_a_bottom():
    body = conv("a", "x", 16) + layer("Scale", "s", "a", "scale_param { axis: 2 num_axes: 2 }") + conv("g", "x", 16)
    agree(body + layer("Scale", "t", ["a", "g"], "scale_param { axis: 0 }"), (2, 3, 5, 5))
