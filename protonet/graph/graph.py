"""Graph: what a net computes, with every value set once.

In-place layers of the prototxt are renamed apart on the way in (build.py) and joined on the way out (emit.py), so a
pass never has to ask who has overwritten what.  A node's layer gives its meaning; its blobs are its parameters, and a
pass that changes them puts new arrays there: arrays may be shared with the graph this one was copied from.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(eq=False)
class Value:
    """What a node makes: `blob` is its name in the prototxt, `name` is its own in the graph; shape in elements."""

    name: str
    shape: tuple[int, ...]
    blob: str
    maker: "Node | None" = None

    def __repr__(self):
        return f"{self.name}{self.shape}"


@dataclass(eq=False)
class Node:
    """One layer at work.  `shares[i]` is the name under which parameter i is shared with another node, if it is."""

    layer: Any
    inputs: list[Value]
    outputs: list[Value]
    blobs: list[np.ndarray] = field(default_factory=list)
    shares: dict[int, str] = field(default_factory=dict)
    place: str = ""

    @property
    def type(self):
        return self.layer.type

    @property
    def name(self):
        return self.layer.name

    @property
    def spec(self):
        return self.layer.spec

    def __repr__(self):
        return f"{self.type} {self.name}"


class Graph:
    """Nodes in an order in which they can run; `outputs` are kept whatever reads them."""

    def __init__(self, name="", nodes=(), outputs=()):
        self.name, self.nodes, self.outputs = name, list(nodes), list(outputs)

    def values(self):
        return [value for node in self.nodes for value in node.outputs]

    def readers(self, value):
        """The nodes that read this value, each once, in order."""
        return [node for node in self.nodes if value in node.inputs]

    def sole_reader(self, value):
        """The one node that reads this value once; None if there are others, or if it is an output of the net."""
        readers = self.readers(value)
        if len(readers) != 1 or readers[0].inputs.count(value) != 1 or value in self.outputs:
            return None
        return readers[0]

    def maker(self, value):
        return value.maker

    def replace(self, old, new):
        """Everything that reads `old` reads `new`; an output moves too, and keeps its public name."""
        for node in self.nodes:
            node.inputs = [new if value is old else value for value in node.inputs]
        if old in self.outputs:
            self.outputs = [new if value is old else value for value in self.outputs]
            new.name, new.blob, old.name = old.name, old.blob, f"{old.name}/before"

    def remove(self, node):
        """Take a node out; nothing may read what it made."""
        self.nodes.remove(node)

    def bypass(self, node):
        """Take out a node that makes its first input: the readers of its first output read that instead.

        The value that stays takes the later name, under which the prototxt's readers know it.
        """
        kept, gone = node.inputs[0], node.outputs[0]
        self.nodes.remove(node)
        if gone in self.outputs or kept not in self.outputs:
            kept.name, kept.blob = gone.name, gone.blob
        for other in self.nodes:
            other.inputs = [kept if value is gone else value for value in other.inputs]
        self.outputs = list(dict.fromkeys(kept if value is gone else value for value in self.outputs))

    def insert(self, node, before=None, after=None):
        at = self.nodes.index(before) if before is not None else self.nodes.index(after) + 1
        self.nodes.insert(at, node)
        for value in node.outputs:
            value.maker = node

    def copy(self):
        """The same structure with nodes and values of its own; layers and arrays are shared, never changed."""
        twin = {value: Value(value.name, value.shape, value.blob) for value in self.values()}
        nodes = []
        for node in self.nodes:
            outputs = [twin[v] for v in node.outputs]
            copy = Node(
                node.layer,
                [twin[v] for v in node.inputs],
                outputs,
                list(node.blobs),
                dict(node.shares),
                node.place,
            )
            for value in outputs:
                value.maker = copy
            nodes.append(copy)
        return Graph(self.name, nodes, [twin[v] for v in self.outputs])

    def prune(self):
        """Drop what no output needs."""
        needed, kept = set(self.outputs), []
        for node in reversed(self.nodes):
            if needed & set(node.outputs):
                needed.update(node.inputs)
                kept.append(node)
        self.nodes = kept[::-1]

    def verify(self):
        """Our own promise after every pass: each value is made once, before it is read, under a name of its own."""
        made: set[Value] = set()
        for node in self.nodes:
            for value in node.inputs:
                assert value in made, f"{node}: {value} is read before it is made"
            for value in node.outputs:
                assert value not in made, f"{node}: {value} is made twice"
                assert value.maker is node, f"{node}: {value} says it is made by {value.maker}"
                made.add(value)
        for value in self.outputs:
            assert value in made, f"output {value} is made by no node"
        twice = [name for name, n in Counter(v.name for v in made).items() if n > 1]
        assert not twice, f"values share the names {twice}"
