"""Check: all that keeps a net from being built, not only the first thing.

A layer that cannot be built is told and left out, with all that depends on it, and the rest is looked at.  Where data
cannot be read, their shape is taken from the prototxt, if it says (crop, size), and the rest is looked at too.
"""

from protonet.errors import DataError, ProtonetError
from protonet.graph.read import read
from protonet.layers.fork_data import image_channels, image_size, told
from protonet.net.net import Net
from protonet.proto import caffe_pb2

MOST = 20


def problems(source, phase, **options):
    """(errors, notes) of a net in one phase, as ProtonetErrors; notes are about data, which may lie elsewhere."""
    errors: list[tuple[int, ProtonetError]] = []
    notes: list[ProtonetError] = []
    try:
        definition = read(source, phase, **options)
    except ProtonetError as error:
        return [error], notes
    order = {place: i for i, place in enumerate(definition.places)}
    while len(errors) < MOST:
        try:
            Net(definition, fill=False)
            break
        except ProtonetError as error:
            at, about_data = culprit(definition, error), isinstance(error, DataError)
            if about_data:
                notes.append(error)
            else:
                errors.append((-1 if at is None else order[definition.places[at]], error))
            if at is None:
                break
            if not (about_data and supposed(definition.net.layer[at])):
                leave_out(definition, at)
    return [error for _, error in sorted(errors, key=lambda pair: pair[0])], notes


def culprit(definition, error):
    """The number of the layer that an error is about."""
    places = enumerate(definition.places)
    return next((i for i, place in places if error.where == place or error.where.startswith(place + ": ")), None)


def supposed(layer):
    """Make a data layer an Input of the shape that it would have; whether that could be told."""
    size = image_size(layer)
    if size is None or len(layer.top) > 2:
        return False
    batch = next((message.batch_size for message in told(layer, "batch_size")), 1) or 1
    new = caffe_pb2.LayerParameter(name=layer.name, type="Input")
    new.top.extend(layer.top)
    for shape in [(batch, image_channels(layer), *size), (batch,)][: len(layer.top)]:
        new.input_param.shape.add().dim.extend(shape)
    layer.CopyFrom(new)
    return True


def leave_out(definition, at):
    """Take out a layer and all that depends on what only it makes."""
    layers, gone = definition.net.layer, {at}
    lost = set(layers[at].top) - set(layers[at].bottom)
    for i in range(at + 1, len(layers)):
        if lost & set(layers[i].bottom):
            gone.add(i)
            lost |= set(layers[i].top)
        else:
            lost -= set(layers[i].top)
    for i in sorted(gone, reverse=True):
        del layers[i]
        del definition.places[i]
