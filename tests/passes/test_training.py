"""Layers less what only training reads."""

import numpy as np

from protonet.passes.training import DropTraining
from tests.passes.tools import bn, data, made, scale


def stripped(text, rng, shares=()):
    graph = made(data(2, 3, 4, 5) + text, rng)
    for index, name in shares:
        graph.nodes[-1].shares[index] = name
    return DropTraining().run(graph), graph.nodes[-1].layer.param


def test_rates_fillers_and_rules_go(rng):
    text = scale("s", "data", "s", "filler { value: 2 } bias_term: true bias_filler { value: 1 }").replace(
        "scale_param", "param { lr_mult: 2 } param { decay_mult: 0 } include { phase: TEST } loss_weight: 0 scale_param"
    )
    count, param = stripped(text, rng)
    assert count == 1
    assert not param.param
    assert not param.include
    assert not param.loss_weight
    assert [field.name for field, _ in param.scale_param.ListFields()] == ["bias_term"]


def test_a_layer_without_such_is_left_as_it_is(rng):
    assert stripped(scale("s", "data", "s"), rng)[0] == 0


def test_names_that_still_join_parameters_stay(rng):
    text = bn(
        "b", "data", "b", 'param { lr_mult: 0 } param { lr_mult: 0 name: "v" } param { lr_mult: 0 name: "alone" }'
    )
    _, param = stripped(text, rng, [(1, "v")])
    assert [spec.name for spec in param.param] == ["", "v"]
    assert not any(spec.HasField("lr_mult") for spec in param.param)


def test_the_phase_goes_only_where_it_says_nothing_new(rng):
    assert not stripped(scale("s", "data", "s").replace("scale_param", "phase: TEST scale_param"), rng)[1].HasField(
        "phase"
    )
    assert stripped(scale("s", "data", "s").replace("scale_param", "phase: TRAIN scale_param"), rng)[1].HasField(
        "phase"
    )


def test_the_numbers_stay(rng):
    graph = made(data(2, 3, 4, 5) + scale("s", "data", "s", "filler { value: 2 }"), rng)
    before = graph.nodes[-1].blobs[0].copy()
    DropTraining().run(graph)
    assert np.array_equal(graph.nodes[-1].blobs[0], before)
