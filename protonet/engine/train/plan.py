"""Planner of a training step: units of a net -> operations on cells, forward and backward -> steps.

As for inference (engine/plan.py), builders take a unit or decline, and what all decline is emitted by its layer, on
plain cells.  A builder returns a function that appends the operations of the unit's backward pass; they run in reverse.

Gradients are cells like any other.  Each reader of a value contributes one; whoever needs the sum asks for it when all
readers have had their turn.  A cell that several values' gradients share (a sum passes its own on) is never changed.
"""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from protonet.engine import plan as planning
from protonet.engine.fuse import INF
from protonet.engine.layout import BLOCKED, PLAIN, Cell, follow
from protonet.engine.op import Op
from protonet.engine.plan import Convert, Forms, Lowering, plain
from protonet.engine.train import units, values
from protonet.kernels import pointwise
from protonet.kernels.pointwise_blocked import SUM, combine
from protonet.kernels.simd import W
from protonet.net.plan import Keep, buffers
from protonet.runtime.step import Blob, Emit

BUILDERS: dict = {}  # layer type -> [function(planner, unit) -> its backward, or None where it declines]
builds = partial(planning.builds, among=BUILDERS)


@dataclass(eq=False)
class Planner(Forms):
    """net: at its present shapes.  seen: numbers of the blobs that the steps leave in the net's own memory."""

    net: Any
    constants: Any
    seen: set
    exact: bool = False
    ops: list = field(default_factory=list)
    cells: dict = field(default_factory=dict)
    gradients: dict = field(default_factory=dict)
    masked: set = field(default_factory=set)  # values of ReLUs whose gradient arrives past the ReLU already
    turn: int = 0  # operations of the forward pass
    forward: int | None = None  # and its steps, if there are others

    def __post_init__(self):
        self.random = self.net.clock_buffer
        self.blobs = buffers(self.net.blob_list)
        self.params = buffers(self.net.parameters.blobs)
        self.nodes, self.last = values.read(self.net)
        self.ends = {value: number for number, value in self.last.items() if number in self.seen}

    def plan(self):
        """All operations."""
        backward = [self.build(unit) for unit in units.units(self.nodes, set(self.ends))]
        for value, number in self.ends.items():
            self.show(value, number)
        self.turn = len(self.ops)
        for each in reversed(backward):
            if each and self.net.trains:
                each()
        return self

    def build(self, unit):
        builders = *BUILDERS.get(unit.type, ()), *BUILDERS[None]
        return next(filter(None, (builder(self, unit) for builder in builders)), None)

    # values

    def give_plain(self, value):
        """A plain cell, in the net's own memory where that is looked at or set from outside."""
        number = value.number if value.maker.layer.source else self.ends.get(value)
        if number is None:
            return self.give(value, PLAIN)
        return self.give(value, PLAIN, memory=self.blobs[number].data.buffer)

    def blocked(self, *those):
        """Whether these are maps, at least one of which lies in blocks."""
        return all(len(v.shape) == 4 for v in those) and any(BLOCKED in self.cells[v] for v in those)

    def show(self, value, number):
        """Leave a value in the net's memory."""
        memory = self.blobs[number].data.buffer
        cell = self.want(value, PLAIN)
        if cell.top.memory is not memory:
            to = Cell(value.shape, PLAIN, value.name, memory=memory)
            self.ops.append(Convert(value.maker.layer, [cell], [to]))

    # gradients

    def contribute(self, value, cell):
        """A reader's part of the gradient of a value."""
        self.gradients.setdefault(value, []).append(cell)

    def arrived(self, value):
        return bool(self.gradients.get(value))

    def partial(self, value, form=BLOCKED):
        """Take one contribution of this form, for an operation that adds its own to it; or None."""
        for cell in self.gradients.get(value, ()):
            if cell.form == form:
                self.gradients[value].remove(cell)
                return cell
        return None

    def gradient(self, value, form):
        """The sum of all contributions, in this form."""
        found = self.gradients[value]
        if len(found) > 1:
            at = BLOCKED if any(cell.form == BLOCKED for cell in found) else PLAIN
            terms = [self.converted(value, cell, at) for cell in found]
            total = Cell(value.shape, at, f"{value.name}.diff")
            self.ops.append(Add(value.maker.layer, terms, [total]))
            self.gradients[value] = [total]
        return self.converted(value, self.gradients[value][0], form)

    def converted(self, value, cell, form):
        if cell.form == form:
            return cell
        other = Cell(value.shape, form, f"{value.name}.diff")
        self.ops.append(Convert(value.maker.layer, [cell], [other]))
        return other

    # parameters

    def param(self, node, i):
        """Parameter i of a layer as a blob whose gradient is there if somebody learns by it."""
        blob = self.params[node.place.params[i]]
        return blob if self.net.trains and node.learns[i] else Blob(blob.data, None)

    def param_list(self, node):
        return [self.param(node, i) for i in range(len(node.place.params))]

    def steps(self):
        """What one iteration does before the update.

        No step fetches the weights of the next one ahead: they are packed only just before it, and whoever touched them
        earlier would have them live through the whole iteration (ResNet-50, batch 8: 400 MB more, no faster).
        """
        to = Lowering(self)
        to.emit = Keeping(self.net)
        for i, op in enumerate(self.ops):
            if i == self.turn:
                self.forward = len(to.emit.steps)
            to.begin(op)
            op.lower(to)
        return to.emit.steps


class Keeping(Keep):
    """What data layers keep from run to run is the net's; what others keep, they keep for the backward pass."""

    def keep(self, name, *shape, dtype="float32"):
        keep = super().keep if self.layer.source else partial(Emit.keep, self)
        return keep(name, *shape, dtype=dtype)


class Add(Op):
    """The sum of cells of one form."""

    def lower(self, to):
        (y,), (first, *rest) = self.writes, self.reads
        if y.form == PLAIN:
            for x in rest:
                to.emit(pointwise.add, plain(first), plain(x), plain(y), tasks=pointwise.tasks(y.shape))
                first = y
            return
        slope = to.constants.get(("ones", y.blocks), lambda: np.ones(y.blocks * W, np.float32))
        for x in rest:
            rows, columns, strides = follow(first, x, y)
            flat = [n for each in strides for n in each]
            args = SUM, y.images, y.blocks, rows, columns, *flat, 1.0, 1.0, -INF, INF
            y = to.write(y)
            to.emit(combine, first.view(), x.view(), slope, y.view(), *args, tasks=y.images * y.blocks * rows)
            first = y
