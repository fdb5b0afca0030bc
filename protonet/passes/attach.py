"""Attach: give the nodes of a graph their trained numbers.

    before    nodes without blobs, a Weights map by layer name
    after     node.blobs in the net's shapes, node.shares[i] = the name of what it shares with another node

The rules of loading are those of io.weights.  Numbers that a file does not hold are an error here (a deploy
net full of fresh noise helps nobody) unless allow_missing is set: then fillers make them. The surprise:
where layers share a parameter, each of them is in the file, and the last one read counts, as in Caffe.
"""

from difflib import get_close_matches

import numpy as np

from protonet import fillers
from protonet.errors import ProtonetError, WeightsError
from protonet.io.weights import match
from protonet.runtime import limit


def attach(graph, weights, allow_missing=False, seed=0):
    """Fill node.blobs and node.shares.  Returns the io.weights.Match."""
    wanted: dict[str, list] = {}
    params = {node: node.layer.params(*(value.shape for value in node.inputs)) for node in graph.nodes}
    for node in graph.nodes:
        wanted[node.name] = [param.shape for param in params[node]]
        fits(node, params[node])
    owners = share(graph, params)
    borrowed = {(n.name, i) for group in owners.values() for n, i in group[1:]}
    found = match(weights, wanted, borrowed)
    if found.fresh and not allow_missing:
        raise missing(found, weights)
    rng = np.random.Generator(np.random.Philox(seed))
    for node in graph.nodes:
        arrays = found.arrays.get(node.name, {})
        node.blobs = [
            arrays[i] if i in arrays else fillers.fill(param.filler, param.shape, rng)
            for i, param in enumerate(params[node])
        ]
    for group in owners.values():
        unite(group, found)
    return found


def fits(node, params):
    """Refuse what is too large for this machine, before memory is taken."""
    try:
        for value in node.outputs:
            limit.check(value.shape, f"blob '{value.name}'")
        for param in params:
            limit.check(param.shape, f"blob '{node.name}/{param.name}'")
    except ProtonetError as error:
        raise error.at(node.place or f"layer '{node.name}'") from None


def share(graph, params):
    """Name -> the (node, index) that share it, in order, for names that several parameters bear; set in
    node.shares too.
    """
    named: dict[str, list] = {}
    for node in graph.nodes:
        for i, spec in enumerate(list(node.layer.param.param)[: len(params[node])]):
            if spec.name:
                named.setdefault(spec.name, []).append((node, i))
    owners = {name: group for name, group in named.items() if len(group) > 1}
    for node in graph.nodes:
        node.shares = {}
    for name, group in owners.items():
        for node, i in group:
            node.shares[i] = name
    return owners


def unite(group, found):
    """One array for all that share it: the last that the file holds, else the first one's filling."""
    held = [node.blobs[i] for node, i in group if i in found.arrays.get(node.name, {})]
    array = held[-1] if held else group[0][0].blobs[group[0][1]]
    for node, i in group:
        node.blobs[i] = array.reshape(node.blobs[i].shape)


def missing(found, weights):
    """What is not in the file, and what in the file has nearly that name."""
    name = found.fresh[0]
    near = get_close_matches(name, found.ignored, 1)
    rest = f" (nor {len(found.fresh) - 1} more layers)" if len(found.fresh) > 1 else ""
    hint = (
        f"; did you mean '{near[0]}'?" if near else "; give other weights, or --allow-missing for what its filler makes"
    )
    error = WeightsError(f"layer '{name}' has parameters, but the weights hold none for it{rest}{hint}")
    return error.at(weights.source) if weights.source else error
