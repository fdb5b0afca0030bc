"""Program: a deploy net compiled for inference, as fast as can be.

    program = protonet.compile("deploy.prototxt", "deploy.caffemodel", threads=2)
    program.run(image)["prob"]                     # or {input: array, ...}

Layers are folded and fused, activations lie in blocks of vectors, memory is used again as soon as nobody reads it;
weights are packed once.  Another batch size or image size is planned when it first comes, and kept.  Several threads
may call `run` at once: each has activations of its own, and all share the weights.  Results are equal for any number of
threads; from the exact plan of a Net they differ by some 1e-5 of a blob's largest number (`exact=True` leaves
Winograd out).
"""

from collections import deque
from collections.abc import Mapping
from threading import Lock

import numpy as np

from protonet import passes
from protonet.engine import chains, dense, elementwise, joining, layerwise, pooling  # noqa: F401  (their builders)
from protonet.engine.memory import piece
from protonet.engine.plan import Constants, planned
from protonet.engine.shapes import reshaped
from protonet.errors import DataError, DeployError
from protonet.graph.build import build
from protonet.graph.read import read
from protonet.io import Weights, load_weights
from protonet.layers import make
from protonet.layers.base import TEST
from protonet.runtime import plan as planning
from protonet.runtime.execute import Program as Steps
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
    return Program(graph, inputs, threads, exact)


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

    def __init__(self, graph, inputs=None, threads=None, exact=False):
        self.threads, self.exact = threads or usual(), exact
        self.graph = graph.copy()
        passes.run(self.graph)
        self.constants, self.plans, self.lock = Constants(), {}, Lock()
        self.inputs = {
            value.name: value.shape for node in self.graph.nodes for value in node.outputs if node.type == "Input"
        }
        for node in self.graph.nodes:
            if node.layer.source and node.type != "Input":
                raise DeployError(f"{node} brings its own data: deploy the net first, or give it an Input layer")
        shapes = dict(self.inputs)
        for name, shape in (inputs or {}).items():
            self.known(name)
            shapes[name] = tuple(shape)
        self.inputs = shapes
        self.outputs = dict(self.plan(shapes).outputs)

    def known(self, name):
        if name not in self.inputs:
            raise DataError(f"the net has no input '{name}': it has {', '.join(self.inputs)}")

    def plan(self, shapes):
        """The plan for these input shapes, made once."""
        key = tuple(shapes.values())
        with self.lock:
            if key not in self.plans:
                self.plans[key] = Plan(reshaped(self.graph, shapes), self.constants, self.threads, self.exact)
            return self.plans[key]

    def run(self, values=None, **named):
        """{output: array} of {input: array}, or of one array for the only input."""
        if isinstance(values, Mapping) or named or values is None:
            given = self.all_of({**(values or {}), **named})
        else:
            given = [values] if len(self.inputs) == 1 else self.all_of({None: values})
        arrays = [np.ascontiguousarray(array, np.float32) for array in given]
        plan = self.plans.get(tuple(array.shape for array in arrays))
        if plan is None:
            plan = self.plan({name: array.shape for name, array in zip(self.inputs, arrays, strict=True)})
        return plan.run(arrays)

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


class Plan:
    """A program at one set of input shapes: its steps, and one or more memories to run them in."""

    def __init__(self, graph, constants, threads, exact):
        self.planner = planned(graph, constants, exact)
        self.planner.ops = chains.link(self.planner.ops, set(self.planner.outputs.values()))
        self.steps = self.planner.steps()
        self.places = planning.packed(self.steps)
        self.threads, self.lock = threads, Lock()
        self.idle: deque[Memory] = deque()
        self.inputs = {value.name: cell for value, cell in self.planner.inputs.items()}
        self.cells = {value.name: cell for value, cell in self.planner.outputs.items()}
        self.outputs = {name: cell.shape for name, cell in self.cells.items()}
        self.idle.append(Memory(self))

    def run(self, arrays):
        try:
            memory = self.idle.pop()
        except IndexError:
            with self.lock:
                memory = Memory(self)
        try:
            return memory.run(arrays)
        finally:
            self.idle.append(memory)


class Memory:
    """What one run at a time needs.  Kernels read inputs where the caller has them: addresses go into the table."""

    def __init__(self, plan):
        arena = piece(plan.places.sizes["arena"])
        self.steps = Steps(plan.steps, plan.places, plan.threads, arena=arena)
        buffers = [cell.buffer for cell in plan.inputs.values()]
        hosts = {buffer for step in plan.steps if step.host for buffer in step.buffers}
        self.slots = [slot for i, buffer in enumerate(buffers) for slot in self.uses(i, buffer)]
        self.copies = [(i, self.steps.array(buffer)) for i, buffer in enumerate(buffers) if buffer in hosts]
        self.results = {name: self.steps.array(cell.buffer.seen(*cell.shape)) for name, cell in plan.cells.items()}

    def uses(self, i, buffer):
        """(i, word of the table that holds an address in this buffer, how far from its start)."""
        if buffer not in self.steps.plan.place:
            return []
        far = self.steps.table - self.steps.array(buffer).ctypes.data
        words = np.flatnonzero((far >= 0) & (far < buffer.nbytes))
        return [(i, int(word), int(far[word])) for word in words]

    def run(self, arrays):
        places = [array.__array_interface__["data"][0] for array in arrays]
        for i, word, far in self.slots:
            self.steps.table[word] = places[i] + far
        for i, copy in self.copies:
            copy[...] = arrays[i]
        self.steps.run()
        return {name: array.copy() for name, array in self.results.items()}
