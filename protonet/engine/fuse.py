"""Units: what runs as one step, from the nodes of a graph.

    Convolution - ReLU                    one unit with an activation
    Convolution - Eltwise sum - ReLU      one unit that adds the other operand before it
    InnerProduct, Eltwise, Scale - ReLU   likewise

A node joins the one before it only if nobody else reads what lies between.  A convolution that adds runs where the sum
stood, so that the other operand is there; of two convolutions the later one adds.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

CONVOLUTIONS = ("Convolution", "ConvolutionDepthwise", "DepthwiseConvolution")
ACTING = (*CONVOLUTIONS, "Deconvolution", "InnerProduct", "Eltwise", "Scale")  # what can end in an activation
INF = float("inf")
SUM = 1
FILLED = "weight_filler bias_filler filler bias_term"
UNDERSTOOD = {  # the fields of messages that are read here and by the builders; the others' layers read their own
    "ReLU": "negative_slope engine",
    "ReLU6": "negative_slope n",
    "Clip": "min max",
    "PReLU": "channel_shared filler",
    "Eltwise": "operation coeff stable_prod_grad engine",
    "Scale": f"axis num_axes {FILLED}",
    "LRN": "local_size alpha beta norm_region k engine",
    "InnerProduct": f"num_output axis transpose engine weight_fixed {FILLED}",
}


@dataclass(eq=False)
class Act:
    """v -> min(max(v, lo), hi), or v * slope where v < 0: a number, or one for each channel."""

    lo: float = -INF
    hi: float = INF
    slope: Any = None


class Joined:
    """A node and those that have joined it: `nodes`, in order."""

    nodes: list

    @property
    def node(self):
        return self.nodes[0]

    @property
    def type(self):
        return self.node.type

    @property
    def layer(self):
        return self.node.layer


@dataclass(eq=False)
class Unit(Joined):
    """`output` is what the last of its nodes makes."""

    nodes: list
    inputs: list
    output: Any
    act: Act = field(default_factory=Act)
    added: Any = None


def units(graph):
    """The units of a graph, in an order in which they can run.  Identities are left out: see `aliases`."""
    adding = sums(graph)  # convolution -> the Eltwise it takes in
    taken, found = set(adding.values()), []
    at = {total: convolution for convolution, total in adding.items()}
    for node in graph.nodes:
        if node in adding or (node in taken and node not in at) or identity(node):
            continue
        unit = Unit([node], list(node.inputs), node.outputs[0] if node.outputs else None)
        if node in at:
            first = at[node]
            (other,) = [value for value in node.inputs if value is not first.outputs[0]]
            unit = Unit([first, node], list(first.inputs), node.outputs[0], added=other)
        if unit.type in ACTING and not (unit.type in CONVOLUTIONS and unit.node.spec.relu):
            after = graph.sole_reader(unit.output)
            act = activation(after) if after else None
            if act:
                unit.act, unit.output = act, after.outputs[0]
                unit.nodes.append(after)
                taken.add(after)
        found.append(unit)
    return found


def aliases(graph):
    """Value -> the value that it is, for the tops of layers that change nothing."""
    same: dict = {}
    for node in graph.nodes:
        if identity(node):
            for value in node.outputs:
                same[value] = same.get(node.inputs[0], node.inputs[0])
    return same


def identity(node):
    if node.type == "Dropout":
        return not node.layer.drops and node.layer.factor == 1
    return node.type in ("Split", "Silence")


def understood(node):
    """Whether its message says only what is known here: forks put other work into layers, another bound of a ReLU."""
    known = UNDERSTOOD.get(node.type)
    if known is None:
        return True
    said = [field.name for field, value in node.spec.ListFields() if value != field.default_value]
    return not set(said) - set(known.split())


def sums(graph):
    order = {node: i for i, node in enumerate(graph.nodes)}
    adding = {}
    for node in graph.nodes:
        if (
            node.type != "Eltwise"
            or node.spec.operation != SUM
            or len(node.inputs) != 2
            or any(c != 1 for c in node.layer.coeff)
            or node.layer.forgets
            or not understood(node)
        ):
            continue
        makers = [v.maker for v in node.inputs if v.maker.type in CONVOLUTIONS and graph.sole_reader(v) is node]
        makers = [m for m in makers if len(m.outputs) == 1 and not m.spec.relu and m not in adding]
        if makers and node.inputs[0] is not node.inputs[1]:
            adding[max(makers, key=lambda maker: order[maker])] = node
    return adding


def activation(node):
    """The Act of a node, or None if it is something else."""
    if not understood(node):
        return None
    if node.type == "ReLU":
        slope = node.spec.negative_slope
        return Act(lo=0.0) if slope == 0 else Act(slope=np.float32(slope))
    if node.type == "ReLU6" and node.spec.negative_slope == 0:
        return Act(0.0, node.spec.n)
    if node.type == "Clip":
        return Act(node.spec.min, node.spec.max)
    if node.type == "PReLU" and node.blobs:
        return Act(slope=node.blobs[0])
    return None
