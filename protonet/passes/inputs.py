"""Inputs: data layers become Input layers, whose shape is one image's.

    before    layer { type: "Data" top: "data" top: "label" transform_param { crop_size: 224 } ... }
    after     layer { type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 224 dim: 224 } } }

Works on the NetParameter.  A shape comes from the caller, else from the data layer (crop or first record),
else, where the data cannot be read, from the crop in the prototxt and the channels that the first layer was
trained with.  Input layers stay as they are. What the data layer did to its images (mean, scale, crop,
channels) is carried along: see prototxt/carried.py.
"""

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from protonet.errors import DataError, DeployError, ProtonetError
from protonet.layers import REGISTRY, make
from protonet.layers.base import TEST
from protonet.layers.fork_data import ForkData, image_channels, image_size
from protonet.passes.base import Journal
from protonet.proto import caffe_pb2
from protonet.prototxt.carried import Carried

STEP, AS_DATA = "Inputs", 0
SAME_CHANNELS = "Split", "ReLU", "Pooling", "Dropout", "Power", "LRN", "PReLU", "Slice"


@dataclass
class Fed:
    """The net with its inputs: each one's shape, and what is to be done to images before."""

    net: Any
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    carried: dict[str, Carried] = field(default_factory=dict)


def feed(net, weights, shapes=None, batch=None, journal=None, folder="", places=None):
    """shapes: {blob: shape} that win.  batch: how many images; None: 1 where data come in, what it says for
    an Input layer; AS_DATA: what the layers say.  folder: where the net's file lies; places[i]: where layer
    i stands in it."""
    journal, shapes = Journal() if journal is None else journal, dict(shapes or {})
    fed = Fed(caffe_pb2.NetParameter())
    if net.name:
        fed.net.name = net.name
    brought = any(source(layer) and layer.type != "DummyData" for layer in net.layer)
    for i, layer in enumerate(net.layer):
        new = layer
        if source(layer) and not (brought and constant(layer)):
            tops = used(layer, net)
            try:
                found = sizes(layer, tops, net, weights, shapes, batch, folder)
            except ProtonetError as error:
                raise error.at(places[i] if places else f"layer '{layer.name}'") from None
            given = dict(zip(tops, found, strict=True))
            fed.shapes.update(given)
            new = input_layer(layer, given, {each.name for each in net.layer})
            if layer.type != "Input":
                what = ", ".join(f"{top} {shape}" for top, shape in given.items())
                journal.did(STEP, f"{layer.type} {layer.name}", f"becomes Input {what}")
                if tops and tops[0] == layer.top[0] and (carried := carry(layer, folder)):
                    fed.carried[tops[0]] = carried
        fed.net.layer.add().CopyFrom(new)
    unused(shapes, fed.shapes)
    return fed


def used(layer, net):
    """The tops that the net reads; an Input may also be there for its own sake."""
    read = {bottom for each in net.layer for bottom in each.bottom}
    return [top for top in layer.top if top in read or layer.type == "Input"]


def carry(layer, folder):
    """What the layer does to images, and the size they have in its database, from which it crops."""
    carried = Carried.of(layer)
    if carried is None or carried.resize or layer.type != "Data":
        return carried
    whole = caffe_pb2.LayerParameter()
    whole.CopyFrom(layer)
    whole.ClearField("transform_param")
    said, _ = inferred(whole, folder)
    shape = said.get(layer.top[0], ())
    transform = carried.transform
    if len(shape) == 4 and (transform.crop_size or transform.crop_h or transform.crop_w):
        carried.resize = shape[2:]
    return carried


def source(layer):
    """Whether a layer brings data into the net."""
    return not layer.bottom and layer.type not in ("Parameter", "ContinuationIndicator")


def constant(layer):
    """Whether DummyData makes the same numbers each time: such a blob is part of the net."""
    fillers = layer.dummy_data_param.data_filler
    return layer.type == "DummyData" and all(filler.type == "constant" for filler in fillers)


def sizes(layer, tops, net, weights, shapes, batch, folder):
    """The shape of each of these tops."""
    if all(top in shapes for top in tops):
        return [tuple(shapes[top]) for top in tops]
    said, why = inferred(layer, folder)
    if said and issubclass(REGISTRY[layer.type], ForkData):  # it has not seen its images: weights know more
        n, c, *size = said[layer.top[0]]
        said[layer.top[0]] = (n, channels(layer.top[0], net, weights) or c, *size)
    result = []
    for top in tops:
        if top in shapes:
            result.append(tuple(shapes[top]))
            continue
        shape = said.get(top) or guessed(layer, top, net, weights)
        if not shape:
            raise DataError(f"the shape of '{top}' is not known: {why}; give it, as in --input {top}=1,3,224,224")
        if batch:
            shape = (batch, *shape[1:])
        elif batch is None and layer.type != "Input":
            shape = (1, *shape[1:])
        result.append(shape)
    return result


def inferred(layer, folder):
    """What the layer itself says, by top; and why it does not."""
    if layer.type not in REGISTRY:
        return {}, f"no layer type {layer.type} is known"
    try:
        made = make(layer, TEST)
        made.folder = folder
        return dict(zip(layer.top, map(tuple, made.infer()), strict=False)), ""
    except ProtonetError as error:
        if layer.type == "Input":
            raise
        return {}, str(error)


def guessed(layer, top, net, weights):
    """(1, C, H, W) of images whose file is not at hand; None if the prototxt does not say enough."""
    if top != layer.top[0]:
        return None
    size = image_size(layer)
    return (1, channels(top, net, weights) or image_channels(layer), *size) if size else None


def channels(blob, net, weights):
    """How many channels the first layer that reads this blob was trained with."""
    for layer in net.layer:
        if blob not in layer.bottom:
            continue
        arrays = weights.get(layer.name) or []
        if arrays and arrays[0].ndim == 4 and "Convolution" in layer.type and layer.type != "Deconvolution":
            group = layer.convolution_param.group if layer.type == "Convolution" else arrays[0].shape[0]
            return arrays[0].shape[1] * group
        if arrays and layer.type in ("BatchNorm", "Scale", "Bias", "PReLU", "Deconvolution"):
            return arrays[0].shape[0] if arrays[0].ndim == 1 or layer.type == "Deconvolution" else arrays[0].size
        if layer.type in SAME_CHANNELS and layer.type != "Slice" and layer.top and layer.top[0] != blob:
            return channels(layer.top[0], net, weights)
    return None


def input_layer(layer, shapes, taken):
    """The Input layer, which has its top's name if that is free; an Input that already says just this is
    kept as written.
    """
    if (
        layer.type == "Input"
        and list(layer.top) == list(shapes)
        and list(make(layer, TEST).infer()) == list(shapes.values())
    ):
        return layer
    top = next(iter(shapes), layer.name)
    rename = layer.type != "Input" and len(shapes) == 1 and top not in taken
    new = caffe_pb2.LayerParameter(name=top if rename else layer.name, type="Input")
    new.top.extend(shapes)
    for shape in shapes.values():
        new.input_param.shape.add().dim.extend(shape)
    return new


def unused(shapes, known):
    for name in shapes:
        if name not in known:
            near = get_close_matches(name, known, 1) or list(known)[:1]
            raise DeployError(f"'{name}' is no input of the net" + (f" (did you mean '{near[0]}'?)" if near else ""))
