"""Heads: what only training and testing need goes; what predicts becomes the output.

    before    fc8, label -- SoftmaxWithLoss -- loss              fc8, label -- Accuracy -- accuracy
    after     fc8 -- Softmax -- prob

Works on the NetParameter, before shapes are asked for, since data and labels may be long gone.  What a loss
or a metric reads and something learned has made is a prediction, and stays; what nothing learned has made
is a label, and goes with all that only labels need.  SigmoidCrossEntropyLoss becomes Sigmoid; other losses
go and leave what they read. The surprise: a loss that is told apart by phase, so that the TEST net has only
an Accuracy, is looked for in the TRAIN net.
"""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from protonet.errors import DeployError, NetError
from protonet.layers import REGISTRY
from protonet.passes.base import Journal
from protonet.passes.inputs import source
from protonet.proto import caffe_pb2

STEP = "Heads"
ACTIVATION = {
    "SoftmaxWithLoss": "Softmax",
    "SoftmaxWithLossOHEM": "Softmax",
    "InfogainLoss": "Softmax",
    "SigmoidCrossEntropyLoss": "Sigmoid",
}
METRICS = "Accuracy", "DetectionEvaluate", "EvalDetection", "Silence"
# how many of a layer's bottoms, from the first on, are predictions; of others, all that something learned has made
PREDICTIONS = dict.fromkeys(
    (*ACTIVATION, "Accuracy", "HingeLoss", "MultinomialLogisticLoss", "SmoothL1Loss", "SmoothL1LossOHEM"), 1
)


def loss(layer):
    kind = REGISTRY.get(layer.type)
    return "Loss" in layer.type or bool(kind and kind.loss) or any(layer.loss_weight)


def metric(layer):
    """What tells or writes how well it goes, and feeds nothing."""
    return layer.type.endswith("Accuracy") or layer.type in METRICS or not layer.top


@dataclass
class Head:
    """A loss or metric that goes: its prediction blobs, and the activation it implies."""

    layer: Any
    predictions: list[str]

    @property
    def activation(self):
        return ACTIVATION.get(self.layer.type)

    @property
    def axis(self):
        spec = self.layer.infogain_loss_param if self.layer.type == "InfogainLoss" else self.layer.softmax_param
        return spec.axis

    @property
    def weight(self):
        return self.layer.loss_weight[0] if self.layer.loss_weight else 1.0


def predict(net, weights, outputs=(), train=None, journal=None):
    """The net that predicts, and for each of its layers the index in `net` (None for a new one).

    outputs: blobs to keep whatever else there is; none: those that losses and metrics read, and those that
    nothing reads. train: the NetParameter of the same file's TRAIN phase.
    """
    journal = Journal() if journal is None else journal
    heads, kept = sort(net, weights, journal)
    layers = [(net.layer[i], i) for i in kept]
    for head, new in activations(layers, heads, train):
        layers.append((new, None))
        heads.append(Head(new, list(new.top)))
        journal.did(STEP, f"{head.layer.type} {head.layer.name}", f"becomes {new.type} {new.name}")
    wanted = list(outputs) or found(net, layers, heads)
    check(wanted, layers)
    layers = needed(layers, wanted)
    for i in kept:
        if not any(index == i for _, index in layers) and net.layer[i].bottom:
            journal.did(STEP, f"{net.layer[i].type} {net.layer[i].name}", "serves no output and is dropped")
    result = caffe_pb2.NetParameter(name=net.name)
    result.layer.extend(layer for layer, _ in layers)
    return result, [index for _, index in layers]


def with_data(net, train):
    """The net, and before it the data layers that it lacks and the TRAIN phase has: nets are often written
    for one phase.
    """
    made: set[str] = set()
    sources: list = []
    for layer in net.layer:
        for bottom in layer.bottom:
            if bottom in made:
                continue
            maker = next((each for each in (train.layer if train else ()) if bottom in each.top), None)
            if maker is None or not source(maker):
                hint = f": layer '{maker.name}' makes it in the TRAIN phase only" if maker is not None else ""
                raise NetError(f"bottom '{bottom}' is made by no layer before it{hint}").at(f"layer '{layer.name}'")
            sources.append(maker)
            made.update(maker.top)
        made.update(layer.top)
    result = type(net)()
    result.CopyFrom(net)
    del result.layer[:]
    result.layer.extend([*sources, *net.layer])
    return result, len(sources)


def sort(net, weights, journal):
    """(heads, indices of the other layers); what reads a loss or a metric goes with it."""
    heads, kept = [], []
    learned: set[str] = set()
    gone: set[str] = set()
    for i, layer in enumerate(net.layer):
        if loss(layer) or metric(layer) or gone & set(layer.bottom):
            read = layer.bottom[: PREDICTIONS.get(layer.type)]
            heads.append(Head(layer, [b for b in read if b in learned and b not in gone]))
            gone.update(set(layer.top) - set(layer.bottom))
            if layer.type not in ACTIVATION:
                journal.did(STEP, f"{layer.type} {layer.name}", "is for training or testing only and is dropped")
            continue
        kept.append(i)
        grown = bool(weights.get(layer.name)) or any(b in learned for b in layer.bottom)
        (learned.update if grown else learned.difference_update)(layer.top)
    if not learned:  # a net without parameters: what a loss compares comes first
        for head in heads:
            head.predictions = list(head.layer.bottom[:1]) if head.layer.type != "Silence" else []
    return heads, kept


def activations(layers, heads, train):
    """(head, layer) for each loss that has an activation in it, unless the net has that layer already."""
    losses = [head for head in heads if head.activation and head.predictions]
    known = {head.predictions[0] for head in losses}
    scored = {b for head in heads if head.layer.type == "Accuracy" for b in head.predictions}
    losses += [
        Head(layer, [layer.bottom[0]])
        for layer in (train.layer if train is not None else ())
        if layer.type in ACTIVATION and layer.bottom and layer.bottom[0] in scored - known
    ]
    present = {(layer.type, b) for layer, _ in layers for b in layer.bottom}
    result, seen = [], set()
    for head in losses:
        key = head.activation, head.predictions[0]
        if key in present or key in seen:
            continue
        seen.add(key)
        result.append(head)
    taken = {layer.name for layer, _ in layers} | {top for layer, _ in layers for top in layer.top}
    return [(head, activation(head, named(head, result, taken))) for head in result]


def activation(head, name):
    layer = caffe_pb2.LayerParameter(name=name, type=head.activation)
    layer.bottom.append(head.predictions[0])
    layer.top.append(head.layer.top[1] if len(head.layer.top) > 1 else name)
    if head.activation == "Softmax" and head.axis != layer.softmax_param.axis:
        layer.softmax_param.axis = head.axis
    elif layer.HasField("softmax_param"):
        layer.ClearField("softmax_param")
    return layer


def named(head, heads, taken):
    """'prob' for the one loss, or for the one that weighs most; else the loss's name with prob in place of
    loss.
    """
    most = max(other.weight for other in heads)
    first = [other for other in heads if other.weight == most]
    before, loss, after = head.layer.name.rpartition("loss")
    own = f"{before}prob{after}" if loss else f"{head.layer.name}/prob"
    names = ["prob", own] if first == [head] else [own]
    free = next((name for name in names if name not in taken), None)
    n = 2
    while free is None or free in taken:
        free, n = f"{own}{n}", n + 1
    taken.add(free)
    return free


def found(net, layers, heads):
    """The blobs that nothing reads any more: predictions, and outputs that are made of more than labels."""
    outputs = made_of_images(net) & set(unread(net.layer))
    brought = {top for layer in net.layer if source(layer) for top in layer.top}
    rest = [blob for blob in unread([layer for layer, _ in layers]) if blob in outputs or blob not in brought]
    quiet = {b for head in heads if head.layer.type == "Silence" for b in head.predictions}
    predicted = {b for head in heads if head.layer.type != "Silence" for b in head.predictions}
    return [blob for blob in rest if blob in predicted | outputs] or [blob for blob in rest if blob in quiet]


def made_of_images(net):
    """The blobs that layers have made of an input, or of a data layer's first top."""
    images: set[str] = set()
    made: set[str] = set()
    for layer in net.layer:
        if source(layer):
            images.update(layer.top if layer.type == "Input" else layer.top[:1])
            continue
        good = not layer.bottom or bool(images & set(layer.bottom))
        for blobs in images, made:
            (blobs.update if good else blobs.difference_update)(layer.top)
    return made


def unread(layers):
    """The blobs that nothing reads after they are last made, in order."""
    result: dict[str, None] = {}
    for layer in layers:
        for bottom in layer.bottom:
            result.pop(bottom, None)
        result.update(dict.fromkeys(layer.top))
    return list(result)


def check(wanted, layers):
    made = {top for layer, _ in layers for top in layer.top}
    for blob in wanted:
        if blob not in made:
            near = get_close_matches(blob, made, 1)
            raise DeployError(
                f"output '{blob}' is no blob of the net" + (f" (did you mean '{near[0]}'?)" if near else "")
            )
    if not wanted:
        raise DeployError(
            "no output is left: the net predicts nothing that a loss, a metric or nobody reads; name outputs"
        )


def needed(layers, wanted):
    """The layers that these blobs need.

    And those that change what one of them makes besides: it keeps its name in the net, so it is to keep its value.
    """
    need, kept = set(wanted), []
    dropped: set[str] = set()
    for layer, index in reversed(layers):
        if need & set(layer.top):
            changed = dropped.intersection(layer.top) - need
            if changed and not source(layer):
                return needed(layers, [*wanted, *sorted(changed)])
            need.difference_update(layer.top)
            need.update(layer.bottom)
            kept.append((layer, index))
        else:
            dropped.update(layer.top)
    return kept[::-1]
