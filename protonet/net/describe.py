"""What a net is made of, line by line, in the words that people grep Caffe's logs for."""

import logging
from math import prod

from protonet.prototxt.write import dumps

log = logging.getLogger(__name__)


def say(net):
    """Log it all: the prototxt, each layer with its blobs and shapes, who computes gradients, what comes out."""
    if not log.isEnabledFor(logging.INFO):
        return
    log.info("Initializing net from parameters: \n%s", dumps(net.definition.net).rstrip())
    numbers = 0
    for place in net.places:
        for line in layer(net, place):
            log.info(line)
        numbers += sum(net.blob_list[t].count for t in place.tops)
        log.info("Memory required for data: %d", 4 * numbers)
    for place in reversed(net.places):
        log.info("%s %s backward computation.", place.layer.name, "needs" if place.backward else "does not need")
    for name in net.outputs:
        log.info("This network produces output %s", name)
    log.info("Network initialization done.")


def layer(net, place):
    """The lines of one layer."""
    name, names = place.layer.name, net.wiring.names
    yield f"Creating Layer {name}"
    for b in place.bottoms:
        yield f"{name} <- {names[b]}"
    for t in place.tops:
        yield f"{name} -> {names[t]}{' (in-place)' if t in place.bottoms else ''}"
    yield f"Setting up {name}"
    for t, weight in zip(place.tops, place.loss_weights, strict=True):
        shape = net.blob_list[t].shape
        yield "Top shape: " + "".join(f"{n} " for n in shape) + f"({prod(shape)})"
        if weight:
            yield f"    with loss weight {weight:g}"
