"""Pooling in training: MAX keeps where each largest was, in bytes where a window has few places."""

from dataclasses import dataclass
from typing import Any

from protonet.engine.fuse import understood
from protonet.engine.layout import BLOCKED, Cell
from protonet.engine.op import Op
from protonet.engine.train.plan import builds
from protonet.kernels import max_blocked, mean_blocked
from protonet.kernels.simd import W
from protonet.layers.pooling import AVE, AVE_EXC_PAD, MAX
from protonet.runtime.step import Buffer

LOWEST, ZERO = float("-inf"), 0.0


@dataclass(eq=False)
class Pooling(Op):
    """window: kernel, stride and pads before, flat; after: pads behind.  where: memory for places, of MAX alone.

    least: what a largest must exceed to have a place.
    """

    window: tuple
    after: tuple
    inside: bool
    where: Any
    least: float

    def lower(self, to):
        (x,), (y,) = self.reads, self.writes
        y = to.write(y)
        args = x.images, x.blocks, x.rows, x.columns, y.rows, y.columns, *x.strides, *y.strides, *self.window
        tasks = y.images * y.blocks * y.rows
        if self.where is None:
            to.emit(mean_blocked.average, x.view(), y.view(), *args, *self.after, self.inside, tasks=tasks)
        else:
            kernel = max_blocked.maximum if self.where.dtype == "uint8" else max_blocked.maximum_wide
            to.emit(kernel, x.view(), y.view(), self.where, *args, self.least, tasks=tasks)


@dataclass(eq=False)
class Gradient(Op):
    """dx <- what comes back by dy, + what else has arrived there."""

    forward: Pooling

    def lower(self, to):
        (dy, *part), (dx,), do = self.reads, self.writes, self.forward
        if part:
            to.take_over(part[0], dx, self)
        dx = to.write(dx)
        old = part[0] if part else dx
        sizes = dx.images, dx.blocks, dx.rows, dx.columns, dy.rows, dy.columns
        args = bool(part), *sizes, *dy.strides, *old.strides, *dx.strides, *do.window
        tasks = dx.images * dx.blocks * dx.rows
        if do.where is None:
            more = *do.after, do.inside
            to.emit(mean_blocked.gradient, dy.view(), old.view(), dx.view(), *args, *more, tasks=tasks)
        else:
            kernel = max_blocked.gradient if do.where.dtype == "uint8" else max_blocked.gradient_wide
            to.emit(kernel, dy.view(), do.where, old.view(), dx.view(), *args, tasks=tasks)


@builds("Pooling")
def build(planner, unit):
    """MAX without the second top; AVE whose windows overlap or touch, so that none is empty."""
    node, layer, (value,) = unit.node, unit.layer, unit.inputs
    if not planner.blocked(value) or len(node.outputs) > 1 or not understood(node):
        return None
    kernel, stride, before, after, _ = layer.geometry(value.shape)
    method = node.spec.pool
    if method not in (MAX, AVE, AVE_EXC_PAD) or (
        method != MAX and any(s > k for s, k in zip(stride, kernel, strict=True))
    ):
        return None
    x, y, where, least = planner.want(value, BLOCKED), planner.give(unit.output, BLOCKED), None, LOWEST
    if method == MAX:
        dtype = "uint8" if max_blocked.small(*kernel) else "int32"
        where = Buffer((y.images * y.blocks * y.rows * y.columns * W,), "arena", f"{layer.name} where", dtype)
        if value.maker.type == "ReLU" and value.maker.spec.negative_slope == 0 and len(value.readers) == 1:
            least = ZERO  # what the ReLU has cut off gets no gradient then
            planner.masked.add(value)
    op = Pooling(layer, [x], [y], (*kernel, *stride, *before), after, layer.inside, where, least)
    planner.ops.append(op)

    def backward():
        if planner.arrived(unit.output) and node.wants[0]:
            dy, part = planner.gradient(unit.output, BLOCKED), planner.partial(value)
            dx = Cell(value.shape, BLOCKED, f"{value.name}.diff")
            planner.ops.append(Gradient(layer, [dy, part] if part else [dy], [dx], op))
            planner.contribute(value, dx)

    return backward
