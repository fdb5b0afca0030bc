"""Scale, activations, Eltwise and layers that look at each number alone, on blocks."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.engine.program import compile
from protonet.prototxt import parse
from tests.engine.tools import agree, conv, layer, numbers, operations, relu, text

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


@pytest.mark.parametrize(
    "act",
    [
        layer("ReLU", "r", "a", "relu_param { relu6: true }"),
        layer("ReLU", "r", "a", "relu_param { relu6: true negative_slope: 0.1 }"),
        layer("ReLU6", "r", "a", "relu6_param { n: 3 }"),
        layer("ReLU6", "r", "a", "relu6_param { negative_slope: 0.25 }"),
    ],
)
def test_bounds_and_slopes_of_forks_are_obeyed(act, rng):
    body = layer("Power", "z", "x", "power_param { scale: 9 }") + conv("a", "z", 32)
    agree(body + act, (2, 24, 5, 5), rng=rng)
    alone = layer("Pooling", "a", "c", "pooling_param { kernel_size: 2 }")  # nothing to be fused with
    agree(body.replace('"a"', '"c"') + alone + act, (2, 24, 5, 5), rng=rng)


def test_a_sum_in_place_lacks_its_first_bottom(rng):
    both = conv("a", "x", 32) + conv("b", "x", 32)
    agree(both + layer("Eltwise", "s", ["a", "b"], tops=["a"]), (1, 16, 5, 5), rng=rng)
    agree(
        both + layer("Eltwise", "s", ["a", "b"], "eltwise_param { coeff: 2 coeff: 3 }", ["a"]), (1, 16, 5, 5), rng=rng
    )


def test_dropout_that_scales_in_test_does_so(rng):
    drop = layer("Dropout", "d", "a", "dropout_param { scale_train: false dropout_ratio: 0.25 }")
    agree(conv("a", "x", 32) + drop, (1, 16, 5, 5), rng=rng)


def test_dropout_that_draws_in_test_draws_anew_in_each_run(rng):
    drop = layer("Dropout", "d", "a", "dropout_param { sample_weights_test: true }")
    document = parse.loads(text(conv("a", "x", 32, bias_term="false") + drop, (4, 16, 5, 5)), "NetParameter")
    weights = numbers(document, rng)
    x = rng.normal(size=(4, 16, 5, 5))
    programs = [compile(document, weights, threads=n, seed=seed) for n, seed in ((1, 5), (3, 5), (1, 6))]
    (a, b), (again, _), (other, _) = ([p.run(x)["d"] for _ in range(2)] for p in programs)
    assert 0.4 < np.mean(a == 0) < 0.6
    assert_array_equal(a, again)
    assert np.any((a == 0) != (b == 0))
    assert np.any((a == 0) != (other == 0))
