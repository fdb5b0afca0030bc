"""A net as values: each is set once; what works in place makes a new one, and a Split's tops are its bottom.

Unless the Split holds back gradients (propagate_down: false): then it is a layer like any other.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class Value:
    """What a blob holds from one layer that sets it to the next."""

    name: str
    number: int  # of the blob in the net
    shape: tuple[int, ...]
    maker: Any = None
    readers: list = field(default_factory=list)


@dataclass(eq=False)
class Node:
    """One layer.  wants[i]: input i shall receive a gradient; arrives[i]: output i may have one."""

    index: int
    place: Any
    inputs: list
    outputs: list
    wants: list
    arrives: list

    @property
    def layer(self):
        return self.place.layer

    @property
    def type(self):
        return self.place.layer.type

    @property
    def spec(self):
        return self.place.layer.spec

    @property
    def learns(self):
        """Whether each parameter wants its gradient."""
        return [self.place.backward and each for each in self.place.learns]


def read(net):
    """(nodes in order, {number of a blob: the value it ends with})."""
    current: dict[int, Value] = {}
    found = []
    for index, place in enumerate(net.places):
        inputs = [current[number] for number in place.bottoms]
        trains = net.trains and place.backward
        if place.layer.type == "Split" and (place.wants[0] or not trains):  # else: where gradients are to stop
            current.update(dict.fromkeys(place.tops, inputs[0]))
            continue
        wants = [trains and want for want in place.wants]
        arrives = [net.trains and net.arrives[number] for number in place.tops]
        node = Node(index, place, inputs, [], wants, arrives)
        for value in inputs:
            value.readers.append(node)
        for number in place.tops:
            blob = net.blob_list[number]
            current[number] = Value(blob.name, number, blob.shape, node)
            node.outputs.append(current[number])
        found.append(node)
    return found, current
