"""BatchNorm, Scale, Bias and Power as one factor and one shift per channel; and back."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose

from protonet.errors import WeightsError
from protonet.passes import FromAffine, Journal, ToAffine
from protonet.passes.affine import Affine, affine_of
from tests.passes.tools import assert_same, bn, data, folded, has, known, layer, made, reasons, scale, types

SHAPE = 2, 3, 4, 5


def affine(text, rng, blobs=None):
    graph = made(data(*SHAPE) + text, rng)
    if blobs is not None:
        graph.nodes[-1].blobs = [np.asarray(blob, np.float32) for blob in blobs]
    journal = Journal()
    ToAffine().run(graph, journal)
    return graph, journal


def test_batch_norm_divides_its_sums(rng):
    graph, _ = affine(bn("b", "data", "y", "batch_norm_param { eps: 0 }"), rng, [[2, 4, 6], [8, 18, 32], [2]])
    found = affine_of(graph.nodes[-1])
    assert_allclose(found.a, 1 / np.array([2, 3, 4]))
    assert_allclose(found.b, -np.array([1, 2, 3]) / [2, 3, 4])


def test_a_fresh_batch_norm_has_mean_and_variance_zero(rng):
    graph, _ = affine(bn("b", "data", "y", "batch_norm_param { eps: 0.25 }"), rng, [[2, 4, 6], [8, 18, 32], [0]])
    found = affine_of(graph.nodes[-1])
    assert_allclose(found.a, [2, 2, 2])
    assert_allclose(found.b, [0, 0, 0])


@pytest.mark.parametrize(
    ("text", "blobs", "a", "b"),
    [
        (scale("s", "data", "y"), [[1, 2, 3], [4, 5, 6]], [1, 2, 3], [4, 5, 6]),
        (scale("s", "data", "y", ""), [[1, 2, 3]], [1, 2, 3], [0, 0, 0]),
        (scale("s", "data", "y", "axis: -3"), [[1, 2, 3]], [1, 2, 3], [0, 0, 0]),
        (scale("s", "data", "y", "num_axes: 0 bias_term: true"), [2, 7], [2, 2, 2], [7, 7, 7]),
        (layer("s", "Bias", "data", "y"), [[4, 5, 6]], [1, 1, 1], [4, 5, 6]),
    ],
)
def test_scale_and_bias_are_affine(text, blobs, a, b, rng):
    graph, _ = affine(text, rng, blobs)
    found = affine_of(graph.nodes[-1])
    assert_allclose(found.a, a)
    assert_allclose(found.b, b)


@has("Power")
def test_power_one_is_affine(rng):
    graph, _ = affine(layer("p", "Power", "data", "y", "power_param { scale: 2 shift: -1 }"), rng)
    found = affine_of(graph.nodes[-1])
    assert_allclose(found.a, [2, 2, 2])
    assert_allclose(found.b, [-1, -1, -1])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (bn("b", "data", "y", "batch_norm_param { use_global_stats: false }"), "the statistics come from each batch"),
        (scale("s", "data data", "y", "axis: 0"), "it takes its factors from a bottom"),
        (layer("s", "Bias", "data data", "y", "bias_param { axis: 0 }"), "it takes its factors from a bottom"),
        (scale("s", "data", "y", "axis: 0"), "it works along axis 0, not 1"),
        (scale("s", "data", "y", "axis: 2"), "it works along axis 2, not 1"),
        (scale("s", "data", "y", "num_axes: 3"), r"it is not per channel: its factors are \(3, 4, 5\)"),
        pytest.param(
            layer("p", "Power", "data", "y", "power_param { power: 2 }"), "its power is 2, not 1", marks=has("Power")
        ),
    ],
)
def test_what_is_not_affine_per_channel_stays(text, why, rng):
    graph, journal = affine(text, rng)
    assert "Affine" not in types(graph)
    assert re.search(why, reasons(journal)), reasons(journal)


@pytest.mark.parametrize(
    "rest",
    [
        "",
        "eps: 0.1",
        "scale_bias: true",
        "use_weight_bias: true bias_term: false",
        "add_eps_before_sqrt: false eps: 0.1",
        "scale_bias: true add_eps_before_sqrt: false",
    ],
)
@pytest.mark.parametrize("kind", ["BatchNorm", "BatchNormKyle"])
def test_dialects_of_batch_norm_become_one_scale(kind, rest, rng):
    text = layer("b", kind, "data", "y", f"batch_norm_param {{ {rest} }}")
    known(text)
    before, after, _ = folded(data(*SHAPE) + text, rng)
    assert len(before.nodes[1].blobs) == 3 + 2 * ("true" in rest) - ("bias_term" in rest)
    assert types(after) == ["Scale"]
    assert_same(before, after)


@pytest.mark.parametrize("variance", [-1.0, np.nan, np.inf])
def test_statistics_that_make_no_distribution_are_refused(variance, rng):
    with pytest.raises(WeightsError, match="layer 'b': 1 of its 3 statistics make no distribution: channel 2"):
        affine(bn("b", "data", "y"), rng, [[0, 0, 0], [1, 1, variance], [1]])


@pytest.mark.parametrize(
    ("words", "blobs", "a", "b"),
    [
        ("bn_mode: INFERENCE", [[1, 2, 3], [4, 5, 6]], [1, 2, 3], [4, 5, 6]),
        ("eps: 0", [[2, 4, 6], [1, 1, 1], [1, 2, 3], [4, 4, 4]], [1, 2, 3], [0, -3, -8]),
        ("moving_average: true var_eps: 0", [[2, 4, 6], [1, 1, 1], [1, 2, 3], [4, 4, 4]], [1, 2, 3], [0, -3, -8]),
    ],
)
def test_a_bn_that_needs_no_batch_is_affine(words, blobs, a, b, rng):
    graph, _ = affine(layer("n", "BN", "data", "y", f"bn_param {{ {words} }}"), rng, blobs)
    found = affine_of(graph.nodes[-1])
    assert_allclose(found.a, a, rtol=1e-6)
    assert_allclose(found.b, b, rtol=1e-6)


def test_a_bn_that_takes_the_batch_stays(rng):
    graph, journal = affine(layer("n", "BN", "data", "y", "bn_param { bn_mode: LEARN }"), rng)
    assert types(graph)[-1] == "BN"
    assert "the statistics come from each batch" in reasons(journal)


def test_after_composes():
    first, then = Affine(np.array([2.0]), np.array([3.0])), Affine(np.array([5.0]), np.array([7.0]))
    both = then.after(first)
    assert (both.a, both.b) == (10, 22)  # 5 (2 x + 3) + 7


def round_trip(text, rng, blobs=None):
    graph, journal = affine(text, rng, blobs)
    FromAffine().run(graph, journal)
    return graph, journal


def test_a_batch_norm_that_is_left_becomes_one_scale(rng):
    text = data(*SHAPE) + bn("b", "data", "y")
    before = made(text, rng)
    after = before.copy()
    journal = Journal()
    for each in ToAffine, FromAffine:
        each().run(after, journal)
    assert types(after) == ["Scale"]
    assert after.nodes[-1].spec.bias_term
    assert journal.done[0].text == "takes the place of BatchNorm b"
    assert_same(before, after)


@pytest.mark.parametrize("kind", ["Bias", pytest.param("Power", marks=has("Power"))])
def test_another_layer_that_is_left_alone_is_the_one_it_was(kind, rng):
    graph, journal = round_trip(
        layer("it", kind, "data", "y", "power_param { shift: 2 }" if kind == "Power" else ""), rng
    )
    assert types(graph) == [kind]
    assert not journal.notes


def test_what_changes_nothing_is_dropped(rng):
    graph, journal = round_trip(scale("s", "data", "data") + layer("r", "ReLU", "data", "y"), rng)
    assert types(graph) == ["Scale", "ReLU"]
    graph = made(data(*SHAPE) + scale("s", "data", "y") + layer("r", "ReLU", "y", "z"), rng)
    graph.nodes[1].blobs = [np.ones(3, np.float32), np.zeros(3, np.float32)]
    for each in ToAffine, FromAffine:
        each().run(graph, journal)
    assert types(graph) == ["ReLU"]
    assert [value.name for value in graph.nodes[-1].inputs] == ["data"]


def test_what_gives_the_input_another_name_stays(rng):
    graph, journal = round_trip(scale("s", "data", "y"), rng, [np.ones(3), np.zeros(3)])
    assert types(graph) == ["Scale"]
    assert not journal.notes


@has("Power")
def test_a_blob_of_one_axis_has_one_number(rng):
    graph = made(data(7) + layer("p", "Power", "data", "y", "power_param { scale: 2 }"), rng)
    ToAffine().run(graph)
    assert affine_of(graph.nodes[-1]).a.shape == (1,)
