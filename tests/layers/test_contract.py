"""What every layer promises, asked of every layer there is; inside of nets: test_contract_nets.py."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protonet.layers import REGISTRY, TEST, TRAIN
from protonet.layers.fork_data import ForkData
from protonet.runtime import execute
from tests.layers.examples import EXAMPLES
from tests.layers.more_examples import MORE, kind
from tests.tools import check_gradient, layer

FILES, VALUES = (
    "works on files: its own test, tests/data",
    "shapes of its tops depend on values: test_contract_dynamic.py",
)
OUTSIDE = dict.fromkeys(["Data", "HDF5Data", "HDF5Output", "ImageData", "MatWrite", "WindowData"], FILES)
OUTSIDE |= {
    name: "fed from outside: test_fork_data.py" for name, kind in REGISTRY.items() if issubclass(kind, ForkData)
}
OUTSIDE |= {"MemoryData": "arrays of a user's: its own test", "Python": "code of a user's: its own test"}
OUTSIDE |= dict.fromkeys(
    ["DetectionEvaluate", "DetectionOutput", "Filter", "Proposal", "Yolov3DetectionOutput"], VALUES
)
CASES = EXAMPLES | MORE  # "Type", "Type: what is other"
TYPES = sorted(CASES)
LEARN = [name for name in TYPES if CASES[name].gradient]
IN_PLACE = [
    name for name in LEARN if REGISTRY[kind(name)].in_place and name != "Eltwise: SUM by factors"
]  # see Eltwise
# has a backward pass, but what goes down is by definition no derivative of the top
RULES = {
    "CenterLoss": "centres move towards means by a rule of their own",
    "CtcLoss": "the loss is the mean over the batch, its gradient that of the sum",
    "MarginInnerProduct": "weights are scaled to unit length by forward, and the gradient does not see it",
    "RegionLoss": "distances go down, for any loss",
}
SILENT = {"LSTM": (1, 2), "RNN": (1,)}  # the last states, at which no gradient comes in
SENTINEL = np.float32(1.2345e30)


def made(name, phase=TRAIN, large=False, **options):
    """The example of a type and its inputs."""
    example = CASES[name]
    shapes = example.large if large else example.shapes
    rng = np.random.default_rng(11)
    it = layer(
        f'name: "it" type: "{kind(name)}" {example.text}', *shapes, phase=phase, **{**example.options, **options}
    )
    return it, example.inputs(rng, shapes)


def weights(it):
    """Gradients for the tops."""
    rng = np.random.default_rng(12)
    return [rng.normal(size=top.data.shape).astype(np.float32) for top in it.tops]


def results(it, xs):
    """All that a pass forward and one backward leaves: tops, gradients of bottoms and of parameters."""
    tops = [top.copy() for top in it.forward(*xs)]
    if it.trains:
        it.backward(*weights(it))
    diffs = [blob.diff.copy() for blob in [*it.bottoms, *it.blobs] if blob.diff is not None]
    return tops, diffs if it.trains else []


def test_every_type_has_an_example():
    assert set(REGISTRY) == set(EXAMPLES) | set(OUTSIDE)
    assert not set(EXAMPLES) & set(OUTSIDE)
    assert {kind(name) for name in MORE} <= set(EXAMPLES)


@pytest.mark.parametrize("name", sorted(name for name, example in EXAMPLES.items() if not example.gradient))
def test_what_has_no_numeric_gradient_has_none_or_a_rule(name):
    it, _ = made(name)
    assert (it.trains and len(it.emit.steps) > it.half) == (name in RULES)


@pytest.mark.parametrize("phase", [TRAIN, TEST])
@pytest.mark.parametrize("name", [name for name in TYPES if name != "Input"])
def test_all_of_every_top_and_gradient_is_written(name, phase):
    it, xs = made(name, phase)
    for top in it.tops:
        top.data[...] = SENTINEL
    tops = it.forward(*xs)
    for top in tops:
        assert np.isfinite(top).all()
        assert not (top == SENTINEL).any()
        assert top.dtype == np.float32
    if it.trains:
        for bottom in it.bottoms:
            if bottom.diff is not None:
                bottom.diff[...] = SENTINEL
        for diff in it.backward(*weights(it)):
            assert diff is None or (np.isfinite(diff).all() and not (diff == SENTINEL).any())


@pytest.mark.parametrize("name", TYPES)
def test_bottoms_and_parameters_are_left_alone(name):
    it, xs = made(name, TEST)
    params = [blob.data.copy() for blob in it.blobs]
    results(it, xs)
    for bottom, x in zip(it.bottoms, xs, strict=True):
        assert_array_equal(bottom.data, x)
    for blob, before in zip(it.blobs, params, strict=True):
        assert_array_equal(blob.data, before)


@pytest.mark.parametrize("name", TYPES)
def test_testing_twice_gives_the_same(name):
    it, xs = made(name, TEST)
    first = [top.copy() for top in it.forward(*xs)]
    for top, again in zip(first, it.forward(*xs), strict=True):
        assert_array_equal(top, again)


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place_gives_what_out_of_place_gives(name):
    apart, xs = made(name)
    together, _ = made(name, in_place=True)
    tops, diffs = results(apart, xs)
    same_tops, same_diffs = results(together, xs)
    for a, b in zip([*tops, *diffs], [*same_tops, *same_diffs], strict=True):
        assert_array_equal(a, b)


@pytest.mark.parametrize("name", LEARN)
def test_gradient(name):
    it, xs = made(name, silent=SILENT.get(kind(name), ()))
    check_gradient(it, *xs)


@pytest.mark.parametrize("name", LEARN)
def test_gradients_of_parameters_add_up(name):
    it, xs = made(name)
    if not any(blob.diff is not None for blob in it.blobs):
        return
    _, diffs = results(it, xs)
    it.program.run(it.half)
    twice = [blob.diff for blob in it.blobs if blob.diff is not None]
    for once, both in zip(diffs[-len(twice) :], twice, strict=True):
        np.testing.assert_allclose(both, 2 * once, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", LEARN)
def test_what_nobody_wants_is_not_computed(name):
    it, _ = made(name)
    wants = [False] * len(it.bottoms)
    silent, _ = made(name, wants=wants)
    if silent.trains and any(bottom.diff is not None for bottom in it.bottoms):
        assert len(silent.emit.steps) - silent.half < len(it.emit.steps) - it.half
    assert all(bottom.diff is None for bottom in silent.bottoms)


@pytest.mark.parametrize("name", TYPES)
def test_memory_that_is_packed_gives_the_same_bits(name):
    exact, xs = made(name)
    packed, _ = made(name, packed=True)
    tops, diffs = results(exact, xs)
    found, _ = packed.whole(xs, weights(packed))
    gradients = [blob.diff for blob in [*packed.bottoms, *packed.blobs] if blob.diff is not None]
    for a, b in zip([*tops, *diffs], [*found, *gradients], strict=True):
        assert_array_equal(a, b)


@pytest.mark.parametrize("name", TYPES)
def test_any_number_of_threads_gives_the_same_bits(name, monkeypatch):
    monkeypatch.setattr(execute, "WORTH", 0)  # else small programs run on one thread
    monkeypatch.setattr(execute, "SMALL", 0)
    one, xs = made(name, large=True)
    three, _ = made(name, large=True, threads=3)
    for mine, theirs in zip(results(one, xs), results(three, xs), strict=True):
        for a, b in zip(mine, theirs, strict=True):
            assert_array_equal(a, b)
