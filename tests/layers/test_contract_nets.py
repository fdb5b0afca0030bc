"""What every layer promises inside of a net: programs and packed training give what the exact plan gives, at any size;
what is frozen has no gradient; a batch of nothing is nothing, or refused.

    Input - Scale (a factor of 1 for each number) - Convolution (1 x 1, each channel alone, weight 1) - it - a loss

A factor's gradient is x * dx, so parameters tell the gradients of bottoms; the convolution puts maps into blocks.
"""

from pathlib import Path

import numpy as np
import pytest
from google.protobuf import text_format
from numpy.testing import assert_allclose

import protonet
from protonet.engine.train.program import Training
from protonet.errors import ShapeError
from protonet.layers import REGISTRY, make
from protonet.layers.base import counted
from protonet.layers.fork_data import ForkData
from protonet.net import Net
from protonet.prototxt import parse
from tests.layers.dynamic_examples import DYNAMIC
from tests.layers.examples import EXAMPLES
from tests.layers.more_examples import MORE, kind
from tests.layers.test_contract import CASES, RULES

OWN = "ContinuationIndicator", "DummyData", "Input", "Parameter"  # no bottoms
TYPES = sorted(set(REGISTRY) & set(EXAMPLES))
LEARN = [name for name in TYPES if (EXAMPLES[name].gradient or name in RULES) and name not in OWN]
SIZED = [(name, size) for name in TYPES if name not in OWN for size in ("given", "one", "large")]
SIZED += [(name, "given") for name in sorted(MORE)]
# without a twin of their name: it has another, or tests/data compares with what Caffe reads and writes
TWINS = {"DepthwiseConvolution": "convolution_depthwise", "SoftmaxWithLossOHEM": "softmax"}
OF_FILES = {"HDF5Data", "HDF5Output", "ImageData", "MemoryData", "WindowData"}
# no sequences; a -1 that could be any number; groups of 4 rows, a part and a largest number of none
REFUSE_NOTHING = {"LSTM", "RNN", "Reshape", "BatchReduction", "StridedSlice", "ReduceMax"}
UNIT = 'filler { type: "constant" value: 1 }'
ALONE = f"convolution_param {{ num_output: %d group: %d kernel_size: 1 bias_term: false weight_{UNIT} }}"
FROZEN = "param { lr_mult: 0 decay_mult: 0 }"


# a batch of one, and of none, where it is not the first axis of the first bottom that counts images
ONE = {
    "BatchReindex": ((4, 3, 2), (1,)),
    "BatchReduction": ((4, 1, 2, 2),),
    "CtcLoss": ((4, 1, 3), (1, 2)),
    "Minimum": ((3, 1, 1), (1, 3, 2, 2)),
    "StridedSlice": ((4, 3, 1, 1),),
} | dict.fromkeys(["LSTM", "RNN"], ((3, 1, 4), (3, 1)))
NONE = {"BatchReindex": ((4, 3, 2), (0,)), "CtcLoss": ((4, 0, 3), (0, 2)), "LSTMUnit": ((1, 0, 4), (1, 0, 16), (1, 0))}
NONE["Minimum"] = (3, 1, 1), (0, 3, 2, 2)
NONE |= {name: (EXAMPLES[name].shapes[0], (0, 5)) for name in ("PSROIPooling", "ROIPooling", "ROIWarping")}
NONE |= dict.fromkeys(["LSTM", "RNN"], ((3, 0, 4), (3, 0)))


def sized(name, size):
    """The shapes of a type's example: as they are, of a batch of one or of none, or large."""
    example = (CASES | DYNAMIC)[name]
    if size == "large":
        batch = example.large[0][0]
        return [(min(shape[0], 9), *shape[1:]) if shape[0] == batch else tuple(shape) for shape in example.large]
    special = {"one": ONE, "none": NONE}.get(size, {}).get(name)
    if special or size == "given" or not example.shapes:
        return [tuple(shape) for shape in special or example.shapes]
    batch, count = example.shapes[0][0], {"one": 1, "none": 0}[size]
    return [(count, *shape[1:]) if shape[0] == batch else tuple(shape) for shape in example.shapes]


class Case:
    """A net around a type's example; learns: with factors before the layer and losses behind it."""

    def __init__(self, name, size="given", learns=False, more=""):
        of, example = REGISTRY[kind(name)], (CASES | DYNAMIC)[name]
        self.shapes = sized(name, size)
        self.inputs = dict(
            zip(names("x", self.shapes), example.inputs(np.random.default_rng(21), self.shapes), strict=True)
        )
        self.text, bottoms = "".join(map(fed, self.inputs, self.shapes)), list(self.inputs)
        wants = example.options.get("wants", [i not in {*of.no_gradient, *of.constant} for i in range(len(bottoms))])
        for i, (shape, want) in enumerate(zip(self.shapes, wants, strict=True)):
            if learns and want:
                self.add("Scale", f"f{i}", bottoms[i], f"scale_param {{ axis: 0 num_axes: -1 {UNIT} }}")
                bottoms[i] = f"f{i}"
            if want and len(shape) == 4 and shape[1]:
                self.add("Convolution", f"b{i}", bottoms[i], ALONE % (shape[1], shape[1]) + FROZEN)
                bottoms[i] = f"b{i}"
        given = "".join(f' bottom: "{each}"' for each in bottoms)
        param = parse.loads(
            f'layer {{ name: "it" type: "{kind(name)}" {example.text} {given} {more} }}', "NetParameter"
        )
        param = param.message.layer[0]
        if not param.top:
            param.top.extend(names("y", range(counted(of.tops).least)))
        made = make(param, protonet.TRAIN)
        self.params, shapes = made.params(*self.shapes), made.infer(*self.shapes)
        self.text += f"layer {{ {text_format.MessageToString(param, as_one_line=True)} }}\n"
        for i, (top, shape) in enumerate(zip(param.top, shapes, strict=True)):
            if learns and not of.loss and not param.loss_weight:
                self.text += fed(f"t{i}", shape)
                self.add("EuclideanLoss", f"l{i}", [top, f"t{i}"])
                self.inputs[f"t{i}"] = np.random.default_rng(22 + i).normal(size=shape).astype(np.float32)

    def add(self, kind, name, bottoms, rest=""):
        read = " ".join(f'bottom: "{each}"' for each in ([bottoms] if isinstance(bottoms, str) else bottoms))
        self.text += f'layer {{ name: "{name}" type: "{kind}" {read} top: "{name}" {rest} }}\n'

    def net(self, phase=protonet.TRAIN, **options):
        net = Net(parse.loads(self.text, "NetParameter"), phase, seed=4, threads=1, **options)
        for name, array in self.inputs.items():
            net.blobs[name].data[...] = array
        return net


def names(letter, some):
    return [f"{letter}{i}" for i, _ in enumerate(some)]


def fed(name, shape):
    dims = " ".join(f"dim: {n}" for n in shape)
    return f'layer {{ name: "{name}" type: "Input" top: "{name}" input_param {{ shape {{ {dims} }} }} }}\n'


def close(found, expected, tolerance, what):
    largest = np.abs(expected).max(initial=1e-6)
    assert_allclose(found / largest, expected / largest, rtol=0, atol=tolerance, err_msg=what)


def passed(net):
    """A pass forward and back by the exact plan; the loss."""
    net.clear_param_diffs()
    loss = net.forward_layers()
    net.backward_layers()
    return loss


def test_every_type_has_a_twin():
    there = {path.stem for path in (Path(__file__).parents[1] / "naive").glob("*.py")}
    lacking = {name for name, kind in REGISTRY.items() if TWINS.get(name, module(kind)) not in there}
    assert lacking == OF_FILES | {"Python"} | {name for name in lacking if issubclass(REGISTRY[name], ForkData)}


def module(kind):
    return kind.__module__.rpartition(".")[2]


@pytest.mark.parametrize(("name", "size"), SIZED)
def test_a_program_gives_what_the_net_gives(name, size):
    case = Case(name, size)
    net = case.net(protonet.TEST, trains=False)
    net.forward_layers()
    program = protonet.compile(parse.loads(case.text, "NetParameter"), net.weights(), threads=1)
    found = program.run(case.inputs)
    assert set(found) == set(net.outputs)
    for each, array in found.items():
        assert array.dtype == np.float32
        close(array, net.blobs[each].data, 1e-4, each)


@pytest.mark.parametrize(
    ("name", "size"),
    [(name, size) for name, size in SIZED if CASES[name].gradient or name in RULES or "STOCHASTIC" in name],
)
def test_packed_training_gives_what_the_net_gives(name, size):
    case = Case(name, size, learns=True)
    net, other = case.net(), case.net()
    expected = passed(net)
    other.clear_param_diffs()
    assert Training.of(other).run() == pytest.approx(expected, rel=1e-4, abs=1e-6)
    if size == "given" and name not in {"Silence", "Power: constant"}:
        assert any(blob.diff.any() for blob in net.parameters.blobs)
    for mine, its in zip(net.parameters.blobs, other.parameters.blobs, strict=True):
        assert its.diff.dtype == np.float32
        close(its.diff, mine.diff, 1e-4, its.name)
        close(its.data, mine.data, 1e-5, its.name)


@pytest.mark.parametrize("name", LEARN)
def test_what_is_frozen_has_no_gradient(name):
    """Frozen parameters of a layer through which gradients pass; then with nothing to learn at all below."""
    count = len(Case(name).params)
    frozen = FROZEN * count
    case = Case(name, learns=True, more=frozen)
    net, free = case.net(), Case(name, learns=True).net()
    passed(net)
    passed(free)
    at = net.layer_names.index("it")
    for blob in net.layer_blobs[at]:
        assert blob.diff_store.made is None or not blob.diff.any()
    if name != "MultiStageMeanfield":  # all of whose gradients are one step, which asks what is wanted
        assert steps(net, at) < steps(free, at) or not any(param.learned for param in case.params)
    still = Case(name, more=frozen).net()
    assert steps(still, still.layer_names.index("it")) == 0


def steps(net, at):
    """How many steps of the backward pass are this layer's."""
    first, last = net.planned().backward.get(at, (0, 0))
    return last - first


@pytest.mark.parametrize("name", [name for name in LEARN if len(EXAMPLES[name].shapes) == 1 and name != "Embed"])
def test_nothing_goes_back_where_it_is_told_not_to(name):
    case = Case(name, learns=True, more="propagate_down: false")
    net = case.net()
    passed(net)
    assert not any(blob.diff.any() for blob in net.params["f0"])


@pytest.mark.parametrize("name", [name for name in TYPES if EXAMPLES[name].shapes and name not in OWN])
def test_a_batch_of_nothing_gives_nothing_or_is_refused(name):
    try:
        case = Case(name, "none", learns=name in LEARN)
        net, other = case.net(), case.net()
        passed(net)
        Training.of(other).run()
        program = protonet.compile(parse.loads(case.text, "NetParameter"), net.weights(), threads=1)
        found = program.run(case.inputs)
    except ShapeError:
        assert name in REFUSE_NOTHING
        return
    assert name not in REFUSE_NOTHING
    for each, array in found.items():
        assert array.shape == net.blobs[each].shape
    for blob in [*net.parameters.blobs, *other.parameters.blobs]:
        assert np.isfinite(blob.diff).all()
        assert np.isfinite(blob.data).all()
