"""Whatever has no blocked kernels: the layer emits its own steps, forward and backward, on plain cells."""

from dataclasses import dataclass, field
from typing import Any

from protonet.engine.layout import PLAIN, Cell
from protonet.engine.op import Op
from protonet.engine.plan import plain
from protonet.engine.train.plan import builds
from protonet.kernels import pointwise
from protonet.runtime.step import Blob


@dataclass(eq=False)
class Layer(Op):
    """blobs: of bottoms and tops as cells, (data, gradient or None); params: as blobs."""

    node: Any
    params: list
    bottoms: list
    tops: list
    backward: bool = False
    clear: list = field(default_factory=list)

    def lower(self, to):
        to.emit.of(self.layer, self.params, self.node.index)
        bottoms, tops = ([seen(*pair) for pair in pairs] for pairs in (self.bottoms, self.tops))
        for cell in self.clear:
            to.emit(pointwise.fill, plain(cell), 0.0, tasks=pointwise.tasks(cell.shape))
        if self.backward:
            self.layer.backward(to.emit, *tops, *bottoms)
        else:
            self.layer.forward(to.emit, *bottoms, *tops)


def seen(data, gradient):
    return Blob(plain(data).data, plain(gradient).data if gradient is not None else None)


@builds(None)
def layerwise(planner, unit):
    """All layers of the unit, one by one."""
    back = [one(planner, node) for node in unit.nodes]

    def backward():
        for each in reversed(back):
            each()

    return backward


def one(planner, node):
    reads = [planner.want(value, PLAIN) for value in node.inputs]
    writes = [planner.give_plain(value) for value in node.outputs]
    params = planner.param_list(node)
    # what a layer is told of gradients when it runs forward: whether somebody will want them
    want = [Cell(v.shape, PLAIN, "wanted") if w else None for v, w in zip(node.inputs, node.wants, strict=True)]
    arrive = [Cell(v.shape, PLAIN, "wanted") if a else None for v, a in zip(node.outputs, node.arrives, strict=True)]
    pairs = list(zip(reads, want, strict=True)), list(zip(writes, arrive, strict=True))
    planner.ops.append(Layer(node.layer, reads, writes, node, params, *pairs))

    def backward():
        if not node.place.backward or not (any(node.wants) or any(node.learns)):
            return
        tops, clear = [], []
        weights = node.place.loss_weights
        for value, cell, weight, arrives in zip(node.outputs, writes, weights, node.arrives, strict=True):
            diff = None
            if weight:
                diff = Cell(value.shape, PLAIN, "loss", memory=planner.blobs[value.number].diff.buffer)
            elif planner.arrived(value):
                diff = planner.gradient(value, PLAIN)
            elif arrives:
                diff = Cell(value.shape, PLAIN, f"{value.name}.diff")
                clear.append(diff)
            tops.append((cell, diff))
        if all(diff is None or diff in clear for _, diff in tops) and node.outputs:
            return
        gradients = [
            Cell(value.shape, PLAIN, f"{value.name}.diff") if want else None
            for value, want in zip(node.inputs, node.wants, strict=True)
        ]
        bottoms = list(zip(reads, gradients, strict=True))
        used = [*reads, *writes, *(diff for _, diff in tops if diff is not None and diff not in clear)]
        made = [*clear, *(g for g in gradients if g is not None)]
        planner.ops.append(Layer(node.layer, used, made, node, params, bottoms, tops, True, clear))
        for value, cell in zip(node.inputs, gradients, strict=True):
            if cell is not None:
                planner.contribute(value, cell)

    return backward
