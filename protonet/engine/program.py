"""Program: a deploy net compiled for inference, as fast as can be.

    program = protonet.compile("deploy.prototxt", "deploy.caffemodel", threads=2)
    program.run(image)["prob"]                     # or {input: array, ...}

Layers are folded and fused, activations lie in blocks of vectors, memory is used again as soon as nobody reads it;
weights are packed once.  Another batch size or image size is planned when it first comes, and kept.  Several threads
may call `run` at once: each has activations of its own, and all share the weights.  Results are equal for any number of
threads; from the exact plan of a Net they differ by some 1e-5 of a blob's largest number (`exact=True` leaves
Winograd out).
"""

from collections.abc import Mapping

import numpy as np

from protonet import passes
from protonet.engine import segments
from protonet.engine.plan import Constants
from protonet.engine.shapes import fed, reshaped
from protonet.errors import DataError, DeployError
from protonet.graph.build import build
from protonet.graph.read import read
from protonet.io import Weights, load_weights
from protonet.layers import make
from protonet.layers.base import TEST
from protonet.runtime.system import threads as usual


def compile(
    prototxt,
    weights,
    inputs=None,
    threads=None,
    keep=(),
    exact=False,
    allow_missing=False,
    ignore_unknown=False,
    seed=0,
):
    """A Program of a net whose data come in by Input layers.

    prototxt: a path, a parsed document or a NetParameter; weights: a path or Weights.  inputs: {blob: shape} to begin
    with, where they shall differ from the prototxt's.  keep: further blobs to return.
    """
    definition = read(prototxt, TEST, ignore_unknown=ignore_unknown)
    graph = build(definition.net, lambda param: make(param, TEST), definition.places)
    passes.attach(graph, loaded(weights), allow_missing, seed)
    retain(graph, keep)
    return Program(graph, inputs, threads, exact, seed)


def loaded(weights):
    if isinstance(weights, Weights):
        return weights
    return Weights(weights) if isinstance(weights, Mapping) else load_weights(weights)


def retain(graph, names):
    """Make these blobs outputs."""
    values = {value.name: value for value in graph.values()}
    for name in names:
        if name not in values:
            raise DeployError(f"the net has no blob '{name}' to keep")
        if values[name] not in graph.outputs:
            graph.outputs.append(values[name])


class Program:
    """graph: with weights; it is folded, and must not change afterwards."""

    def __init__(self, graph, inputs=None, threads=None, exact=False, seed=0):
        self.threads, self.exact = threads or usual(), exact
        self.graph = graph.copy()
        passes.run(self.graph)
        for node in self.graph.nodes:
            if node.layer.source and node.type != "Input":
                raise DeployError(f"{node} brings its own data: deploy the net first, or give it an Input layer")
        values = fed(self.graph)
        tops = [name for node in self.graph.nodes if node.type == "Input" for name in node.layer.param.top]
        self.fed, self.inputs = [v.name for v in values], {t: v.shape for t, v in zip(tops, values, strict=True)}
        for name, shape in (inputs or {}).items():
            self.known(name)
            self.inputs[name] = tuple(shape)
        self.constants = Constants(seed)
        self.parts = segments.cut(self.graph, self.constants, self.threads, exact)
        self.only = None if any(node.layer.dynamic for node in self.graph.nodes) else self.parts[0]
        whole = reshaped(self.graph, self.inputs.values())
        self.outputs = {value.name: value.shape for value in whole.outputs}
        shapes = {value.name: value.shape for value in whole.values()}
        for part in self.parts:
            part.begin([shapes[name] for name in part.inputs])

    @property
    def plans(self):
        """What has been planned so far."""
        return [plan for part in self.parts for plan in part.plans.values()]

    def known(self, name):
        if name not in self.inputs:
            raise DataError(f"the net has no input '{name}': it has {', '.join(self.inputs)}")

    def run(self, values=None, **named):
        """{output: array} of {input: array}, or of one array for the only input."""
        if isinstance(values, Mapping) or named or values is None:
            given = self.all_of({**(values or {}), **named})
        else:
            given = [values] if len(self.inputs) == 1 else self.all_of({None: values})
        arrays = [np.ascontiguousarray(array, np.float32) for array in given]
        if self.only:
            return self.only.run(arrays)
        found = dict(zip(self.fed, arrays, strict=True))
        for part in self.parts:
            found |= part.run([found[name] for name in part.inputs])
        return {name: found[name] if name not in self.fed else found[name].copy() for name in self.outputs}

    def all_of(self, given):
        """The arrays of all inputs, in their order."""
        if None in given:
            raise DataError(f"the net takes {', '.join(self.inputs)}: give an array for each, by name")
        for name in given:
            self.known(name)
        if missing := [name for name in self.inputs if name not in given]:
            raise DataError(f"no array for input '{missing[0]}': the net takes {', '.join(self.inputs)}")
        return [given[name] for name in self.inputs]

    __call__ = run
