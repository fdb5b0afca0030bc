"""Every layer looks at what it is given: whatever the shapes, counts and parameters, it takes them or says why not.

Nothing catches an IndexError on the way, so that one is a bug of the layer's own; these tests look for them.
"""

import re

import numpy as np
import pytest
from google.protobuf import text_format
from google.protobuf.descriptor import FieldDescriptor as F

from protonet.errors import NetError, ProtonetError, ShapeError
from protonet.layers import REGISTRY, TEST, TRAIN, make
from protonet.layers.base import counted
from protonet.layers.fork_data import ForkData
from protonet.proto import caffe_pb2
from protonet.prototxt.scalar import repeated
from protonet.runtime.step import Blob, Buffer, Emit
from tests.layers.examples import EXAMPLES

# what reads and writes files, or runs code: its own test tries what it refuses
FILES = {"Data", "HDF5Data", "HDF5Output", "ImageData", "MatWrite", "MemoryData", "Python", "WindowData"}
TYPES = sorted(name for name, kind in REGISTRY.items() if name not in FILES and not issubclass(kind, ForkData))
# of those whose tops depend on values, and so have no example
PRIORS = "detection_output_param { num_classes: 3 nms_param { nms_threshold: 0.5 } }"
YOLO = "num_classes: 2 num_box: 1 biases: 1 biases: 2 mask: 0 anchors_scale: 32 mask_group_num: 1"
DYNAMIC = {
    "DetectionEvaluate": ("detection_evaluate_param { num_classes: 3 }", ((1, 1, 3, 7), (1, 1, 2, 8))),
    "DetectionOutput": (PRIORS, ((2, 16), (2, 12), (1, 2, 16))),
    "Filter": ("", ((3, 2), (3,))),
    "Proposal": ("proposal_param { ratio: 1 scale: 8 }", ((1, 2, 4, 5), (1, 4, 4, 5), (1, 3))),
    "Yolov3DetectionOutput": (f"yolov3_detection_output_param {{ {YOLO} }}", ((1, 7, 3, 3),)),
}
LARGE = 1 << 20  # numbers, from which on only shapes are asked for
SHAPES = [(), (0,), (1,), (2, 3), (2, 3, 4, 5, 6), (1, 1, 1, 1, 1, 1), (0, 0, 0, 0)]
REALS = [0.0, 0.5, 2.0, -1.0, 1e30, float("nan"), float("inf"), -float("inf")]
SIGNED, UNSIGNED = [0, 1, 2, 3, 7, -1, -2, -5, 100], [0, 1, 2, 3, 7, 100]
WHOLE = {
    F.CPPTYPE_UINT32: [*UNSIGNED, (1 << 31) - 1, (1 << 32) - 1],
    F.CPPTYPE_UINT64: [*UNSIGNED, 1 << 63],
    F.CPPTYPE_INT32: [*SIGNED, (1 << 31) - 1, -(1 << 31)],
    F.CPPTYPE_INT64: [*SIGNED, (1 << 63) - 1, -(1 << 63)],
}


def known(name):
    """(LayerParameter, shapes) of a type: its example's."""
    text, shapes = (EXAMPLES[name].text, EXAMPLES[name].shapes) if name in EXAMPLES else DYNAMIC[name]
    return text_format.Parse(f'name: "it" type: "{name}" {text}', caffe_pb2.LayerParameter()), shapes


def shaped(shapes):
    """Lists of shapes: these with axes left out, added, of size 0 and of others; bottoms too many and too few."""
    yield from (shapes, shapes[:-1], [*shapes, (2, 3)], [])
    yield from ([shape] * len(shapes) for shape in SHAPES)
    for i, shape in enumerate(shapes):
        others = [shape[:k] for k in range(len(shape))] + [(*shape, 2), (*shape, 1, 1), (1, *shape), ()]
        others += [(*shape[:j], n, *shape[j + 1 :]) for j in range(len(shape)) for n in (0, 1, shape[j] + 1)]
        for other in others:
            yield [*shapes[:i], other, *shapes[i + 1 :]]


def values(field):
    if field.cpp_type in (F.CPPTYPE_FLOAT, F.CPPTYPE_DOUBLE):
        return REALS
    if field.cpp_type == F.CPPTYPE_ENUM:
        return [value.number for value in field.enum_type.values]
    if field.cpp_type == F.CPPTYPE_BOOL:
        return [True, False]
    return WHOLE.get(field.cpp_type, [])


def varied(message, copied, depth=2):
    """Copies of a layer, as copied() makes them with this part of it, each with one field of that at an extreme."""
    for field in message.DESCRIPTOR.fields:
        if field.message_type:
            if depth and not repeated(field):
                yield from varied(getattr(message, field.name), lambda f=field: sub(copied(), f.name), depth - 1)
            continue
        for value in values(field):
            for times in (1, 2, 3) if repeated(field) else (None,):
                whole, part = copied()
                if times is None:
                    setattr(part, field.name, value)
                else:
                    del getattr(part, field.name)[:]
                    getattr(part, field.name).extend([value] * times)
                yield whole


def sub(pair, name):
    return pair[0], getattr(pair[1], name)


def blob(shape):
    return Blob(Buffer(tuple(shape), "own"), Buffer(tuple(shape), "own"))


def attempt(layer, shapes, tops, phase=TRAIN):
    """Make a layer, shape it and emit its steps; False if it is refused."""
    param = caffe_pb2.LayerParameter()
    param.CopyFrom(layer)
    param.bottom.extend(f"x{i}" for i in range(len(shapes)))
    if not param.top:
        param.top.extend(f"y{i}" for i in range(tops))
    try:
        it = make(param, phase)
        made = it.infer(*shapes)
        assert len(made) == max(len(param.top), counted(it.tops).least if it.auto_tops else 0)
        learned = [p.shape for p in it.params(*shapes)]
        if it.dynamic or it.source or any(n < 0 for shape in made for n in shape):
            return True  # what has a negative size is refused by its blob
        if max((int(np.prod(shape, dtype=object)) for shape in (*made, *learned, *shapes)), default=0) > LARGE:
            return True
        emit = Emit().of(it, [blob(shape) for shape in learned], 7)
        bottoms, ends = [blob(shape) for shape in shapes], [blob(shape) for shape in made]
        it.forward(emit, *bottoms, *ends)
        if phase == TRAIN:
            it.backward(emit.of(it, [blob(shape) for shape in learned], 7), *ends, *bottoms)
        assert all(-(1 << 63) <= word < 1 << 63 for step in emit.steps for word in step.words)
    except ProtonetError:
        return False
    return True


@pytest.mark.parametrize("name", TYPES)
def test_shapes_are_taken_or_refused_with_a_reason(name):
    layer, shapes = known(name)
    least = counted(REGISTRY[name].tops).least
    phase = TRAIN if name not in EXAMPLES or EXAMPLES[name].gradient else TEST
    tried = [attempt(layer, each, tops, phase) for each in shaped(shapes) for tops in (least, least + 1)]
    assert any(tried)


@pytest.mark.parametrize("name", TYPES)
def test_parameters_are_taken_or_refused_with_a_reason(name):
    layer, shapes = known(name)
    field = REGISTRY[name].spec_field

    def copied(of=field):
        copy = caffe_pb2.LayerParameter()
        copy.CopyFrom(layer)
        return copy, getattr(copy, of)

    least = counted(REGISTRY[name].tops).least
    parts = [field] if field else []
    parts += ["loss_param", "softmax_param"] if REGISTRY[name].loss else []
    for part in parts:
        for i, other in enumerate(varied(getattr(layer, part), lambda part=part: copied(part))):
            attempt(other, shapes, least, TEST if i % 2 else TRAIN)


def refusal(text, *shapes):
    param = text_format.Parse(f'name: "it" {text}', caffe_pb2.LayerParameter())
    param.bottom.extend(f"x{i}" for i in range(len(shapes)))
    if not param.top:
        param.top.append("y")
    with pytest.raises(NetError) as caught:
        make(param, TRAIN).infer(*shapes)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "shapes", "says"),
    [
        ('type: "ArgMax"', [()], "expected images (N, ...), found a scalar"),
        ('type: "BilinearInterpolate" bilinear_interpolate_param { scale_factor: nan }', [(1, 2, 3, 4)], "found nan"),
        ('type: "BilinearInterpolate" bilinear_interpolate_param { scale_factor: inf }', [(1, 2, 3, 4)], "found inf"),
        ('type: "CTCLoss"', [(2, 0, 4), (2, 2)], "blank_index -1 is none of 0 classes"),
        ('type: "Filter"', [(), ()], "the selector has one number for each image, (N,) or (N, 1, 1, 1), found ()"),
        ('type: "Filter"', [(), (3,)], "expected images (N, ...) to choose from, found a scalar as bottom 0"),
        ('type: "PriorBox" prior_box_param { min_size: 4 aspect_ratio: -1 }', [()] * 2, "above 0, found [-1.0]"),
        (f'type: "Yolov3DetectionOutput" yolov3_detection_output_param {{ {YOLO} }}', [()], "(N, 7, n, n), found ()"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_named(text, shapes, says):
    assert says in refusal(text, *shapes)


def test_a_bug_of_a_layer_is_not_blamed_on_the_net(monkeypatch):
    def infer(self, x):
        return [x[7]]

    layer, shapes = known("ReLU")
    monkeypatch.setattr(REGISTRY["ReLU"], "infer", infer)
    with pytest.raises(IndexError):
        attempt(layer, shapes, 1)


def test_an_axis_out_of_range_is_refused_with_those_there_are():
    said = refusal('type: "Softmax" softmax_param { axis: -5 }', (2, 3))
    assert re.search(r"axis -5 is out of range for a 2-axis blob of shape \(2, 3\): use -2 to 1", said)
    assert issubclass(ShapeError, NetError)
