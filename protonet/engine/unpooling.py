"""Max pooling that another layer undoes: SegNet's and ENet's encoders and decoders, without the map of places.

    Pooling, MAX, two tops     y, and in a byte each which input of its window won
    Upsample, MaxUnPool        a pixel of the large map is what its window brings back, if it won there

The second is the gradient of the first, so its kernel does it.  That holds where windows lie side by side, maps lie as
they did, and nobody else reads the places; all else is done as the layers do it, with places in numbers.  (A window of
nothing but NaN has no winner; the layers call its place -1 an error, here nothing is put back.)
"""

from dataclasses import dataclass
from typing import Any

from protonet.engine.elementwise import blocked
from protonet.engine.layout import BLOCKED
from protonet.engine.op import Op
from protonet.engine.plan import builds
from protonet.kernels import max_blocked
from protonet.kernels.simd import W
from protonet.layers.pooling import MAX
from protonet.runtime.step import Buffer

UNDOING = "Upsample", "MaxUnPool"


@dataclass(eq=False)
class Winners:
    """Where the winners of a pooling are: memory, and its windows (kernel, stride, pad: flat)."""

    where: Any
    window: tuple


@dataclass(eq=False)
class Pooling(Op):
    winners: Winners

    def lower(self, to):
        (x,), (y,) = self.reads, self.writes
        y = to.write(y)
        args = x.images, x.blocks, x.rows, x.columns, y.rows, y.columns, *x.strides, *y.strides, *self.winners.window
        views = x.view(), y.view(), self.winners.where
        to.emit(max_blocked.maximum, *views, *args, float("-inf"), tasks=y.images * y.blocks * y.rows)


@dataclass(eq=False)
class Unpooling(Op):
    winners: Winners

    def lower(self, to):
        (x,), (y,) = self.reads, self.writes
        y = to.write(y)
        sizes = y.images, y.blocks, y.rows, y.columns, x.rows, x.columns
        args = 0, *sizes, *x.strides, *y.strides, *y.strides, *self.winners.window
        views = x.view(), self.winners.where, y.view(), y.view()
        to.emit(max_blocked.gradient, *views, *args, tasks=y.images * y.blocks * y.rows)


def keeps(planner, unit):
    """Take a pooling whose places only undoing layers read."""
    node, value = unit.node, unit.inputs[0]
    if not blocked(planner, value) or node.spec.pool != MAX:
        return False
    kernel, stride, before, after, _ = node.layer.geometry(value.shape)
    apart = kernel == stride and not any(before) and not any(after)
    if not apart or not max_blocked.small(*kernel) or not undone(planner.graph, node.outputs[1], value.shape):
        return False
    x, y = planner.want(value, BLOCKED), planner.give(unit.output, BLOCKED)
    size = y.images * y.blocks * y.rows * y.columns * W
    where = Buffer((size,), "arena", f"{node.name} where", "uint8")
    planner.winners[node.outputs[1]] = Winners(where, (*kernel, *stride, *before))
    planner.ops.append(Pooling(node.layer, [x], [y], planner.winners[node.outputs[1]]))
    return True


def undone(graph, places, shape):
    """Whether all that read these places put numbers back into maps as wide as those pooled, and no less high."""
    if places in graph.outputs:
        return False
    for node in graph.readers(places):
        if node.type == "Split":
            fine = all(undone(graph, value, shape) for value in node.outputs)
        else:
            high, wide = node.outputs[0].shape[2:]
            fine = node.type in UNDOING and node.inputs[1:] == [places] and wide == shape[3] and high >= shape[2]
        if not fine:
            return False
    return True


@builds(*UNDOING)
def build(planner, unit):
    value, *places = unit.inputs
    winners = planner.winners.get(planner.real(places[0])) if places else None
    if winners is None:
        return False
    x, y = planner.want(value, BLOCKED), planner.give(unit.output, BLOCKED)
    planner.ops.append(Unpooling(unit.layer, [x], [y], winners))
    return True
