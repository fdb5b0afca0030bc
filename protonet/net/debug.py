"""debug_info: true: after each layer, how large its numbers are; a net that diverges shows where.

    [Forward] Layer conv1, top blob conv1 data: 0.745556
    [Backward] Layer ip2, param blob 0 diff: 0.0203016
    [Backward] All net params (data, diff): L1 norm = (404.325, 71.7475); L2 norm = (7.65387, 1.8808)

Each number is the mean of the absolute values.  A layer is looked at before the next one works on its tops in place.
(Caffe: net.cpp, ForwardDebugInfo and BackwardDebugInfo.)
"""

import logging

import numpy as np

log = logging.getLogger(__name__)


def forward(net, i):
    """Say what layer i has made."""
    name = net.places[i].layer.name
    for top in net.places[i].tops:
        say("[Forward] Layer %s, top blob %s data: %g", name, net.wiring.names[top], size(net.blob_list[top].data))
    for j in net.places[i].params:
        label, blob = net.parameters.labels[j], net.parameters.blobs[j]
        say("[Forward] Layer %s, param blob %s data: %g", name, label, size(blob.data))


def backward(net, i):
    """Say what gradients layer i has sent."""
    place = net.places[i]
    if not place.backward:
        return
    for b, want in zip(place.bottoms, place.wants, strict=True):
        if want:
            say(
                "[Backward] Layer %s, bottom blob %s diff: %g",
                place.layer.name, net.wiring.names[b], size(net.blob_list[b].diff),
            )  # fmt: skip
    for j, learns in zip(place.params, place.learns, strict=True):
        if learns:
            label, blob = net.parameters.labels[j], net.parameters.blobs[j]
            say("[Backward] Layer %s, param blob %s diff: %g", place.layer.name, label, size(blob.diff))


def norms(net):
    """Say how large all parameters are together, and their gradients."""
    blobs = [learned.blob for learned in net.parameters.learned]
    arrays = [[blob.data for blob in blobs], [blob.diff for blob in blobs]]
    l1 = [sum(float(np.abs(a).sum(dtype=np.float64)) for a in each) for each in arrays]
    l2 = [sum(float(np.square(a, dtype=np.float64).sum()) for a in each) ** 0.5 for each in arrays]
    say("[Backward] All net params (data, diff): L1 norm = (%g, %g); L2 norm = (%g, %g)", *l1, *l2)


def size(array):
    """The mean absolute value; 0 of nothing."""
    return float(np.abs(array).mean(dtype=np.float64)) if array.size else 0.0


def say(text, *values):
    log.info("    " + text, *values)
