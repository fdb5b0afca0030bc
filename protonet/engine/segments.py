"""Parts of a graph.  Shapes of a static part follow from those of its inputs, so it can be planned.

Layers whose tops' shapes depend on values (DetectionOutput, Proposal, Python) run between two such parts.  A node
stands in the earliest part that it can, so most such nets have one part before them, and at most one behind.
"""

from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np

from protonet.engine.session import Plan
from protonet.engine.shapes import fed, reshaped
from protonet.errors import ProtonetError
from protonet.graph.graph import Graph, Node, Value
from protonet.layers import make
from protonet.layers.base import TEST
from protonet.proto import caffe_pb2

PLANS = 32  # that a part keeps; the one planned first goes first


class Static:
    """graph: its Input nodes are what it is given."""

    def __init__(self, graph, *options):
        self.options = options  # constants, threads, exact, tune
        if graph is not None:
            self.graph, self.inputs = graph, [value.name for value in fed(graph)]
        self.plans: dict[tuple, Plan] = {}
        self.lock = Lock()

    def begin(self, shapes):
        """Plan for these shapes, and find out what does not fit."""
        self.plan(shapes)

    def plan(self, shapes):
        """The plan for these shapes of its inputs, made once."""
        key = tuple(shapes)
        with self.lock:
            if key not in self.plans:
                made = Plan.of(reshaped(self.graph, key), *self.options)
                if len(self.plans) == PLANS:
                    self.plans.pop(next(iter(self.plans)))
                self.plans[key] = made
            return self.plans[key]

    def run(self, arrays):
        """{name of an output: array}"""
        key = tuple([array.shape for array in arrays])
        return (self.plans.get(key) or self.plan(key)).run(arrays)


@dataclass(eq=False)
class Dynamic:
    """A node that runs in Python, in one thread at a time: what it is may keep something."""

    node: Any
    lock: Any = field(default_factory=Lock)
    plans: dict = field(default_factory=dict)

    def __post_init__(self):
        self.inputs = [value.name for value in self.node.inputs]
        if self.node.blobs:
            self.node.layer.attach([Parameter(blob.shape, blob) for blob in self.node.blobs])

    def begin(self, shapes):
        """What it makes is known when it has run."""

    def run(self, arrays):
        try:
            with self.lock, np.errstate(all="ignore"):
                found = self.node.layer.compute(*arrays)
        except ProtonetError as error:
            raise error.at(self.node.place or f"layer '{self.node.name}'") from error.__cause__
        return {
            value.name: np.array(array, np.float32, order="C")
            for value, array in zip(self.node.outputs, found, strict=True)
        }


@dataclass
class Parameter:
    """A parameter as layers in Python see it."""

    shape: tuple[int, ...]
    data: Any
    diff: Any = None


def cut(graph, *options):
    """The parts of a graph, in the order in which they run."""
    if not any(node.layer.dynamic for node in graph.nodes):
        return [Static(graph, *options)]
    depth: dict = {}  # of a value: how many dynamic nodes lie behind each other before it
    found: dict[tuple, list] = {}
    for node in graph.nodes:
        at = max((depth[value] for value in node.inputs), default=0)
        for value in node.outputs:
            depth[value] = at + node.layer.dynamic
        if node.type != "Input":
            found.setdefault((at, node.layer.dynamic), []).append(node)
    parts: list[Static | Dynamic] = []
    for (_, dynamic), nodes in sorted(found.items(), key=lambda item: item[0]):
        parts += map(Dynamic, nodes) if dynamic else [Static(part(graph, nodes), *options)]
    return parts


def part(graph, nodes):
    """A graph of these nodes; what others make comes in by Input nodes, what others read goes out."""
    made = list(dict.fromkeys(value for node in nodes for value in node.outputs))
    given = dict.fromkeys(value for node in nodes for value in node.inputs if value not in made)
    read = {value for node in graph.nodes if node not in nodes for value in node.inputs}.union(graph.outputs)
    twin = {value: Value(value.name, value.shape, value.blob) for value in given}
    inputs = [Node(layer(value), [], [value]) for value in twin.values()]
    rest = [Node(n.layer, [twin.get(v, v) for v in n.inputs], n.outputs, n.blobs, n.shares, n.place) for n in nodes]
    return Graph(graph.name, inputs + rest, [value for value in made if value in read]).copy()


def layer(value):
    """An Input layer for a value."""
    param = caffe_pb2.LayerParameter(name=value.name, type="Input", top=[value.name])
    param.input_param.shape.add(dim=value.shape)
    return make(param, TEST)
