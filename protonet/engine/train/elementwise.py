"""Layers that look at each number, or at each pixel, alone: ReLU by itself, Dropout, LRN across channels."""

from dataclasses import dataclass

from protonet.engine.elementwise import Affine
from protonet.engine.fuse import activation, understood
from protonet.engine.layout import BLOCKED, Cell, follow
from protonet.engine.op import Op
from protonet.engine.train.plan import builds
from protonet.kernels import dropout, dropout_blocked, lrn_blocked, relu_blocked
from protonet.kernels.simd import W
from protonet.runtime.step import Buffer


@dataclass(eq=False)
class Masked(Op):
    """dx <- dy where y > 0, slope * dy elsewhere.  reads: y, dy."""

    slope: float

    def lower(self, to):
        (y, dy), (dx,) = self.reads, self.writes
        rows, columns, strides = follow(y, dy, dx)
        to.take_over(dy, dx, self)
        dx = to.write(dx)
        args = self.slope, dx.images, dx.blocks, rows, columns, *(n for each in strides for n in each)
        to.emit(relu_blocked.mask, y.view(), dy.view(), dx.view(), *args, tasks=dx.images * dx.blocks * rows)


def masked(planner, layer, y, dy, value, slope=0.0):
    """The gradient of a value before a ReLU, from its output's cells."""
    dx = Cell(value.shape, BLOCKED, f"{value.name}.diff")
    planner.ops.append(Masked(layer, [y, dy], [dx], slope))
    return dx


@builds("ReLU")
def relu(planner, unit):
    """y tells x's sign where the slope is not negative."""
    node, (value,) = unit.node, unit.inputs
    slope, act = node.spec.negative_slope, activation(node)
    if not planner.blocked(value) or act is None or node.spec.relu6 or slope < 0:
        return None
    x, y = planner.want(value, BLOCKED), planner.give(unit.output, BLOCKED)
    planner.ops.append(Affine(unit.layer, [x], [y], 1.0, 0.0, act))

    def backward():
        if planner.arrived(unit.output) and node.wants[0]:
            dy = planner.gradient(unit.output, BLOCKED)
            planner.contribute(value, masked(planner, unit.layer, y, dy, value, slope))

    return backward


@dataclass(eq=False)
class Dropped(Op):
    """y <- x where the mask says so; draws: whether it is made here, as the layer at this place in the net makes it."""

    mask: Buffer
    draws: bool
    index: int

    def lower(self, to):
        (x,), (y,), layer = self.reads, self.writes, self.layer
        if self.draws:
            to.emit.of(layer, (), self.index)
            threshold, tasks = round(layer.spec.dropout_ratio * 2**32), dropout.tasks(self.mask.count)
            mask = self.mask.seen(self.mask.count)
            to.emit(dropout_blocked.drawn, mask, to.emit.random, to.emit.stream, threshold, tasks=tasks)
        to.take_over(x, y, self)
        y = to.write(y)
        args = layer.factor, *x.strides, *y.strides
        to.emit(dropout_blocked.masked, x.view(), self.mask, y.view(), *args, tasks=y.images * y.blocks * y.rows)


@builds("Dropout")
def dropped(planner, unit):
    node, layer, (value,) = unit.node, unit.layer, unit.inputs
    if not planner.blocked(value) or not layer.drops:
        return None
    mask = Buffer(value.shape, "arena", f"{layer.name} mask", "uint8")
    x, y = planner.want(value, BLOCKED), planner.give(unit.output, BLOCKED)
    planner.ops.append(Dropped(layer, [x], [y], mask, True, node.index))

    def backward():
        if planner.arrived(unit.output) and node.wants[0]:
            dy, dx = planner.gradient(unit.output, BLOCKED), Cell(value.shape, BLOCKED, f"{value.name}.diff")
            planner.ops.append(Dropped(layer, [dy], [dx], mask, False, node.index))
            planner.contribute(value, dx)

    return backward


@dataclass(eq=False)
class Normalisation(Op):
    """LRN across channels, and its gradient: reads x (and dy), writes y (or dx)."""

    numbers: tuple  # size, rate, k, beta

    def lower(self, to):
        (x, *dy), (y,) = self.reads, self.writes
        size, *numbers = self.numbers
        if dy:
            to.take_over(dy[0], y, self)
        y = to.write(y)
        cells = [x, *dy, y]
        kernel = lrn_blocked.lrn(size, numbers[-1])[len(dy)]
        strides = (n for cell in cells for n in cell.strides)
        args = x.images, x.shape[1], x.rows, x.columns, *strides, *numbers
        to.emit(kernel, *(cell.view() for cell in cells), *args, tasks=x.images * x.rows)


@builds("LRN")
def lrn(planner, unit):
    node, layer, (value,) = unit.node, unit.layer, unit.inputs
    if not planner.blocked(value) or layer.within or not understood(node):
        return None
    size = layer.size(value.shape)
    if size > 2 * W + 1:
        return None
    numbers = size, layer.rate, layer.spec.k, layer.spec.beta
    x, y = planner.want(value, BLOCKED), planner.give(unit.output, BLOCKED)
    planner.ops.append(Normalisation(layer, [x], [y], numbers))

    def backward():
        if planner.arrived(unit.output) and node.wants[0]:
            dy, dx = planner.gradient(unit.output, BLOCKED), Cell(value.shape, BLOCKED, f"{value.name}.diff")
            planner.ops.append(Normalisation(layer, [x, dy], [dx], numbers))
            planner.contribute(value, dx)

    return backward
