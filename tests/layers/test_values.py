"""Values that stand for a class, an image, a row or a place: none is used before it is known to be one.

Every type whose bottoms hold such values is asked what it does with a bad one, in each phase and in a whole step: it
names the layer and the value, or its result is defined.
"""

import itertools

import numpy as np
import pytest
from google.protobuf import text_format

import protonet
from protonet.engine.train.program import Training
from protonet.errors import DataError, ProtonetError
from protonet.layers import REGISTRY, TEST, TRAIN
from protonet.layers.base import counted
from protonet.proto import caffe_pb2
from tests.layers.examples import EXAMPLES
from tests.layers.test_refusals import DYNAMIC
from tests.tools import layer

NAN, INF = float("nan"), float("inf")
NONE = [-1.0, NAN, INF, -INF, 1e30, -1e30, 2.0**31, 2.0**63, -(2.0**31)]  # no class of anything
# type: (which bottom, which of its columns or all of it (None), how many values there are)
INDICES: dict[str, list[tuple[int, int | None, int]]] = {
    "Accuracy": [(1, None, 3)],
    "BatchReindex": [(1, None, 4)],
    "BoxAnnotatorOHEM": [(0, 0, 1 << 24)],
    "CTCLoss": [(1, None, 3)],
    "CenterLoss": [(1, None, 4)],
    "CtcLoss": [(1, None, 3)],
    "DetectionEvaluate": [(0, 0, 1 << 25), (0, 1, 1 << 25), (1, 0, 1 << 25), (1, 1, 3)],
    "Embed": [(0, None, 4)],
    "EvalDetection": [(1, 0, 2)],
    "FocalLoss": [(1, None, 3)],
    "HingeLoss": [(1, None, 3)],
    "InfogainLoss": [(1, None, 3)],
    "LabelSpecificAdd": [(1, None, 3)],
    "MarginInnerProduct": [(1, None, 4)],
    "MaxUnPool": [(1, None, 4)],
    "MultiBoxLoss": [(3, 0, 2), (3, 1, 3)],
    "MultinomialLogisticLoss": [(1, None, 3)],
    "PSROIPooling": [(1, 0, 2)],
    "ROIPooling": [(1, 0, 2)],
    "ROIWarping": [(1, 0, 2)],
    "RegionLoss": [(1, 0, 2)],
    "SegAccuracy": [(1, None, 3)],
    "SoftmaxWithLoss": [(1, None, 3)],
    "SoftmaxWithLossOHEM": [(1, None, 3)],
    "Upsample": [(1, None, 16)],
}
LEFT_OUT = {  # what is no fault there: a sequence ends, a row is none
    ("CTCLoss", None): lambda v: v < 0,
    ("CtcLoss", None): lambda v: v < 0,
    ("DetectionEvaluate", 0): lambda v: v == -1 or abs(v) <= 1 << 24,
    ("DetectionEvaluate", 1): lambda v: abs(v) <= 1 << 24,
    ("MultiBoxLoss", 0): lambda v: v == -1,
}
# bottoms without gradient whose numbers index nothing: they are compared, counted or multiplied
PLAIN = {
    "Add", "ArgMax", "ContrastiveLoss", "DataAugmentation", "DetectionOutput", "Div", "Downsample", "Filter",
    "Gather", "LSTM", "LSTMUnit", "LabelsequenceAccuracy", "LogSoftmax", "MatMul", "Maximum", "Minimum",
    "MultiStageMeanfield", "PriorBox", "Proposal", "RNN", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd",
    "ReduceSum", "Resample", "SigmoidCrossEntropyLoss", "SmoothL1Loss", "SmoothL1LossOHEM", "StridedSlice", "Sub",
    "Threshold", "Yolov3DetectionOutput",
}  # fmt: skip
MASKED = "upsample_param { scale: 2 }", ((2, 3, 2, 2), (2, 3, 2, 2))  # by the places of a pooling
CASES = [(name, *where) for name, several in INDICES.items() if name in REGISTRY for where in several]
UNREAD = {("LabelSpecificAdd", TEST)}  # where the labels do not matter


def bad(name, column, count):
    """Values that are none of 0 to count - 1."""
    fine = LEFT_OUT.get((name, column), lambda v: False)
    return [v for v in [*NONE, float(count), count + 0.5] if not fine(v)]


def put(array, column, at, value):
    """A copy with one value more."""
    array = array.astype(np.float32)
    rows = array.reshape(-1, array.shape[-1]) if column is not None else array.reshape(-1, 1)
    rows[at % len(rows), column or 0] = value
    return array


def told(value):
    """A value as errors write it."""
    return {f"{value:g}", f"{value:.0f}", f"{np.float32(value):g}"}


def net(name, shapes, phase=TEST):
    """A net of one layer, `it`, on inputs x0, x1, ..."""
    text = DYNAMIC[name][0] if name in DYNAMIC else MASKED[0] if name == "Upsample" else EXAMPLES[name].text
    param = caffe_pb2.NetParameter(force_backward=phase == TRAIN)
    for i, shape in enumerate(shapes):
        made = param.layer.add(name=f"in{i}", type="Input", top=[f"x{i}"])
        made.input_param.shape.add().dim.extend(shape)
    it = param.layer.add()
    text_format.Parse(f'name: "it" type: "{name}" {text}', it)
    it.bottom.extend(f"x{i}" for i in range(len(shapes)))
    it.top.extend(f"y{i}" for i in range(counted(REGISTRY[name].tops).least))
    return protonet.Net(param, phase, trains=phase == TRAIN, seed=1)


def feed(made, xs):
    """Run it on arrays."""
    if isinstance(made, protonet.Net):
        for i, x in enumerate(xs):
            made.blobs[f"x{i}"].data[...] = x
        made.forward_layers()
    else:
        made.forward(*xs)


def ready(name, phase=TRAIN):
    """A layer and good inputs."""
    rng = np.random.default_rng(3)
    if name == "DetectionEvaluate":
        shapes = DYNAMIC[name][1]
        found = np.array([[0, 1, 0.9, 0, 0, 0.5, 0.5]] * 3, np.float32).reshape(shapes[0])
        gt = np.array([[0, 1, 0, 0, 0, 0.5, 0.5, 0]] * 2, np.float32).reshape(shapes[1])
        return net(name, shapes), [found, gt]
    if name == "Upsample":
        text, shapes = MASKED
        mask = np.arange(2.0 * 3 * 4).reshape(shapes[1]) % 16
        return layer(f'name: "it" type: "{name}" {text}', *shapes, phase=phase), [np.ones(shapes[0]), mask]
    example = EXAMPLES[name]
    it = layer(f'name: "it" type: "{name}" {example.text}', *example.shapes, phase=phase, **example.options)
    return it, example.inputs(rng, example.shapes)


def test_every_type_with_such_bottoms_is_asked():
    trusts = {name for name, kind in REGISTRY.items() if kind.no_gradient or kind.constant}
    assert not trusts - set(INDICES) - PLAIN, "enter in INDICES what their numbers stand for, or in PLAIN that nothing"


@pytest.mark.parametrize("phase", [TRAIN, TEST])
@pytest.mark.parametrize(("name", "bottom", "column", "count"), CASES)
def test_a_value_that_is_none_is_told_with_its_layer(name, bottom, column, count, phase):
    it, xs = ready(name, phase)
    feed(it, xs)
    if (name, phase) in UNREAD:
        return
    for value, at in itertools.product(bad(name, column, count), (0, -1)):
        wrong = [put(x, column, at, value) if i == bottom else x for i, x in enumerate(xs)]
        with pytest.raises(DataError) as caught:
            feed(it, wrong)
        said = str(caught.value)
        assert "layer 'it'" in said
        assert any(text in said for text in told(value)), f"{value} is not named in: {said}"
    feed(it, xs)  # what was wrong is over


@pytest.mark.parametrize(("name", "bottom", "column", "count"), [c for c in CASES if c[0] not in DYNAMIC])
def test_a_whole_step_neither_reads_nor_writes_by_it(name, bottom, column, count):
    """Backward runs in the same table of steps, before anybody is told."""
    it, xs = ready(name)
    if not it.trains:
        return
    for value in bad(name, column, count):
        wrong = [put(x, column, -1, value) if i == bottom else x for i, x in enumerate(xs)]
        with pytest.raises(DataError, match="layer 'it'"):
            it.whole(wrong, [np.ones(top.data.shape) for top in it.tops])


@pytest.mark.parametrize("name", sorted(PLAIN & (set(EXAMPLES) | set(DYNAMIC))))
def test_where_any_number_will_do_the_result_is_defined(name):
    """Twice the same, and no crash; what comes of a NaN may be one."""
    shapes = DYNAMIC[name][1] if name in DYNAMIC else EXAMPLES[name].shapes
    rng = np.random.default_rng(3)
    good = [rng.uniform(0.1, 1, shape).astype(np.float32) for shape in shapes]
    for i, value in itertools.product(range(len(shapes)), [*NONE, 3.0]):
        wrong = [put(x, None, -1, value) if i == j else x for j, x in enumerate(good)]
        results = []
        for _ in range(2):
            it = net(name, shapes) if name in DYNAMIC else ready(name)[0]  # anew: some remember
            try:
                feed(it, wrong)
            except ProtonetError as error:
                assert "layer 'it'" in str(error)  # noqa: PT017  (either is well)
                continue
            tops = [it.blobs["y0"].data] if isinstance(it, protonet.Net) else [top.data for top in it.tops]
            results.append([top.copy() for top in tops])
        for once, again in zip(*results, strict=True) if len(results) == 2 else ():
            np.testing.assert_array_equal(once, again)


@pytest.mark.parametrize(
    ("name", "bottom", "column", "count"), [c for c in CASES if c[0] not in DYNAMIC and (c[0], TEST) not in UNREAD]
)
def test_programs_and_training_on_the_packed_plan_tell_the_same(name, bottom, column, count, tmp_path):
    _, xs = ready(name)
    exact, packed = (net(name, [x.shape for x in xs], TRAIN) for _ in range(2))
    program = protonet.compile(net(name, [x.shape for x in xs]).param, exact.weights(), allow_missing=True)
    program.save(tmp_path / "it.program")
    again, training = protonet.Program.load(tmp_path / "it.program", threads=2), Training.of(packed)
    for value in bad(name, column, count):
        wrong = [put(x, column, -1, value) if i == bottom else x for i, x in enumerate(xs)]
        for i, x in enumerate(wrong):
            packed.blobs[f"x{i}"].data[...] = x
        asked = (
            lambda wrong=wrong: feed(exact, wrong),
            training.run,
            lambda wrong=wrong: program.run({f"x{i}": x for i, x in enumerate(wrong)}),
            lambda wrong=wrong: again.run({f"x{i}": x for i, x in enumerate(wrong)}),
        )
        assert len({message(each) for each in asked}) == 1


def message(call):
    with pytest.raises(DataError) as caught:
        call()
    return str(caught.value)
