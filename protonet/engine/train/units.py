"""Units: what runs as one operation, from the layers of a net.

    Convolution, Eltwise or Scale - ReLU
    BatchNorm - Scale - Eltwise sum - ReLU      any of the last three may be missing

A layer joins the one before it only if nobody else reads what lies between, nor looks at it.  A unit runs where its
last layer stood, so that what it adds is there.
"""

from dataclasses import dataclass
from typing import Any

from protonet.engine.fuse import SUM, Joined
from protonet.engine.fuse import understood as said

ACTING = "Convolution", "Eltwise", "Scale", "BatchNorm"


@dataclass(eq=False)
class Unit(Joined):
    """nodes: in order; scale, total, relu: those of them that are, or None; added: what total adds."""

    nodes: list
    scale: Any = None
    total: Any = None
    added: Any = None
    relu: Any = None

    @property
    def inputs(self):
        return self.node.inputs

    @property
    def output(self):
        return self.nodes[-1].outputs[0]


def units(nodes, seen):
    """The units, in an order in which they can run.  seen: values that somebody looks at."""
    taken: set = set()
    at = {}
    for node in nodes:
        if node in taken or node.type not in ACTING:
            continue
        unit = Unit([node])
        while (after := follower(unit, seen, taken)) is not None:
            join(unit, after)
            taken.add(after)
        at[unit.nodes[-1]] = unit
        taken.add(node)
    found = []
    for node in nodes:
        if node in at:
            found.append(at[node])
        elif node not in taken:
            found.append(Unit([node]))
    return found


def follower(unit, seen, taken):
    """The layer that may join a unit next."""
    if len(unit.nodes[-1].outputs) != 1 or unit.relu:
        return None
    value = unit.output
    if len(value.readers) != 1 or value in seen:
        return None
    (node,) = value.readers
    if node in taken or not joins(unit, node):
        return None
    return node


def joins(unit, node):
    if not said(node):
        return False
    if node.type == "ReLU":
        return node.spec.negative_slope == 0 and not node.spec.relu6
    if unit.type != "BatchNorm" or unit.total:
        return False
    if node.type == "Scale":
        return unit.scale is None and per_channel(node)
    return node.type == "Eltwise" and plain_sum(node)


def per_channel(node):
    """Whether a Scale has a parameter of one number a channel."""
    return len(node.inputs) == 1 and node.spec.axis in (1, 1 - len(node.inputs[0].shape)) and node.spec.num_axes == 1


def plain_sum(node):
    """x + y of two values."""
    return (
        node.spec.operation == SUM
        and len(node.inputs) == 2
        and node.inputs[0] is not node.inputs[1]
        and all(c == 1 for c in node.layer.coeff)
        and not node.layer.forgets
    )


def join(unit, node):
    if node.type == "Eltwise":
        unit.total = node
        (unit.added,) = [value for value in node.inputs if value is not unit.output]
    elif node.type == "Scale":
        unit.scale = node
    else:
        unit.relu = node
    unit.nodes.append(node)
