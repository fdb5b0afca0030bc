"""Deleted: a net with its BatchNorm layers taken out and the rest left as it is, as forum answers advise.

    before    x -- Convolution -- BatchNorm -- Scale -- ReLU -- y
    after     x -- Convolution -- Scale -- ReLU -- y              (with_scale: Scale goes as well)

This does *not* compute the same: every layer behind was trained on normalised numbers.  It is here to show that.
"""

from protonet.graph.read import read
from protonet.io import load_weights
from protonet.io.weights import Weights
from protonet.layers.base import TEST, TRAIN
from protonet.passes import heads, inputs
from protonet.proto import caffe_pb2


def deleted(net, weights, with_scale=False):
    """(NetParameter, Weights) to predict with, less the layers and their numbers."""
    definition = read(net, TEST)
    whole, _ = heads.with_data(definition.net, read(net, TRAIN).net)
    weights = weights if isinstance(weights, Weights) else load_weights(weights)
    types = ("BatchNorm", "Scale") if with_scale else ("BatchNorm",)
    rest = without(whole, types)
    gone = {layer.name for layer in whole.layer} - {layer.name for layer in rest.layer}
    kept = Weights({name: arrays for name, arrays in weights.items() if name not in gone}, weights.source)
    predicting, _ = heads.predict(rest, kept)
    return inputs.feed(predicting, kept, folder=definition.path.parent if definition.path else "").net, kept


def without(net, types):
    """The net less its layers of these types that have one bottom; what reads their top reads their bottom."""
    result = caffe_pb2.NetParameter(name=net.name)
    now: dict[str, str] = {}
    for layer in net.layer:
        bottoms = [now.get(bottom, bottom) for bottom in layer.bottom]
        if layer.type in types and len(bottoms) == 1:
            now[layer.top[0]] = bottoms[0]
            continue
        new = result.layer.add()
        new.CopyFrom(layer)
        new.bottom[:] = bottoms
        for top in layer.top:  # what was in place on a top that has gone is so no more
            now.pop(top, None)
    return result
