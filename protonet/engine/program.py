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
from functools import cached_property

import numpy as np

from protonet import passes
from protonet.engine import saved, segments
from protonet.engine import tune as tuning
from protonet.engine.footprint import footprint
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
    tune=False,
    batch=None,
):
    """A Program of a net whose data come in by Input layers.

    prototxt: a path, a parsed document or a NetParameter; weights: a path or Weights.  inputs: {blob: shape} to begin
    with, where they shall differ from the prototxt's; batch: images at once, likewise.  keep: further blobs to return.
    tune: let measurements decide where several algorithms would do for a convolution; kept on disk, so that it is done
    once on a machine (tune.py).
    """
    definition = read(prototxt, TEST, ignore_unknown=ignore_unknown)
    graph = build(definition.net, lambda param: make(param, TEST), definition.places)
    passes.attach(graph, loaded(weights), allow_missing, seed)
    retain(graph, keep)
    if batch:
        inputs = {v.name: (batch, *v.shape[1:]) for v in fed(graph)} | dict(inputs or {})
    return Program(graph, inputs, threads, exact, seed, tune)


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

    def __init__(self, graph, inputs=None, threads=None, exact=False, seed=0, tune=False):
        self.begin(threads, exact, tune)
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
        self.parts = segments.cut(self.graph, self.constants, self.threads, exact, self.tune)
        self.only = None if any(node.layer.dynamic for node in self.graph.nodes) else self.parts[0]
        whole = reshaped(self.graph, self.inputs.values())
        self.outputs = {value.name: value.shape for value in whole.outputs}
        shapes = {value.name: value.shape for value in whole.values()}
        for part in self.parts:
            part.begin([shapes[name] for name in part.inputs])

    def begin(self, threads, exact, tune=False):
        self.threads, self.exact = threads or usual(), exact
        self.tune = tuning.Tuner(self.threads) if tune else None

    @cached_property
    def graph(self):
        """The folded net; of a program from a file it is built when somebody asks for it."""
        return self.parts[0].graph

    def memory(self):
        """What it takes: a Footprint, whose text says it."""
        return footprint(self)

    def save(self, path):
        """Write this program, all that it has planned and packed, to one file (see saved.py)."""
        saved.save(self, path)

    @classmethod
    def load(cls, path, threads=None):
        """The program that `save` wrote.  WeightsError if the file is none, or is damaged."""
        return saved.load(cls, path, threads)[0]

    @property
    def plans(self):
        """What has been planned so far."""
        return [plan for part in self.parts for plan in part.plans.values()]

    def known(self, name):
        if name not in self.inputs:
            raise DataError(f"the net has no input '{name}': it has {', '.join(self.inputs)}")

    def run(self, values=None, **named):
        """{output: array} of {input: array}, or of one array for the only input."""
        array = type(values) is np.ndarray  # asking an array whether it is a mapping takes 40 us with cold caches
        if named or values is None or (not array and isinstance(values, Mapping)):
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
