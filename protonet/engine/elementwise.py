"""Per channel and per number, on blocked cells: Scale, activations, Eltwise, layers that look at each number alone."""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from protonet.engine import fuse, pack
from protonet.engine.copying import move
from protonet.engine.fuse import Act
from protonet.engine.layout import BLOCKED, Cell, follow
from protonet.engine.op import Op
from protonet.engine.plan import builds, key
from protonet.kernels.pointwise_blocked import MAXIMUM, PRODUCT, SUM, affine, combine
from protonet.kernels.simd import W
from protonet.runtime.step import Blob

HOW = {0: PRODUCT, 1: SUM, 2: MAXIMUM}  # Eltwise's operations
ALONE = "AbsVal", "BNLL", "ELU", "Exp", "Power", "Sigmoid", "Swish", "TanH", "Threshold"  # finite for any finite input


def bounds(act):
    """lo and hi of an activation."""
    return act.lo, act.hi


def slopes(to, act, channels):
    """The slopes of an activation, one a channel: 1 where it has none."""
    values = 1.0 if act.slope is None else act.slope
    size = pack.up(channels)
    return to.constants.get(
        ("vector", key(values), size, 1.0), lambda: pack.vector(np.broadcast_to(values, channels), size, 1.0)
    )


@dataclass(eq=False)
class Affine(Op):
    """y <- act(a[c] * x + b[c])."""

    a: Any
    b: Any
    act: Act

    def lower(self, to):
        (x,), (y,) = self.reads, self.writes
        C = x.shape[1]
        size = pack.up(C)
        a, b = (
            to.constants.get(("vector", key(v), size), lambda v=v: pack.vector(np.broadcast_to(v, C), size))
            for v in (self.a, self.b)
        )
        rows, columns, (xs, ys) = follow(x, y)
        y = to.write(y)
        args = y.images, y.blocks, rows, columns, *xs, *ys, *bounds(self.act)
        tasks = y.images * y.blocks * rows
        to.emit(affine, x.view(), a, b, slopes(to, self.act, C), y.view(), *args, tasks=tasks)


@dataclass(eq=False)
class Combine(Op):
    """y <- act(x and r, each times its factor, joined)."""

    how: int
    factors: tuple[float, float]
    act: Act

    def lower(self, to):
        (x, r), (y,) = self.reads, self.writes
        rows, columns, (xs, rs, ys) = follow(x, r, y)
        y = to.write(y)
        args = self.how, y.images, y.blocks, rows, columns, *xs, *rs, *ys, *self.factors, *bounds(self.act)
        slope = slopes(to, self.act, y.shape[1])
        to.emit(combine, x.view(), r.view(), slope, y.view(), *args, tasks=y.images * y.blocks * rows)


@dataclass(eq=False)
class Alone(Op):
    """A layer that looks at each number alone works on blocks as on anything; a halo keeps out of it, by a copy."""

    def lower(self, to):
        (x,), (y,) = self.reads, self.writes
        source, target = x, y
        if x.root or any(x.top.halo):
            source = Cell(x.shape, BLOCKED, x.name)
            move(to, x, source)
        if y.root or any(y.top.halo):
            target = Cell(y.shape, BLOCKED, y.name)
        size = source.images * source.image
        self.layer.forward(to.emit, *(Blob(cell.buffer.seen(size)) for cell in (source, target)))
        if target is not y:
            move(to, target, to.write(y))


def blocked(planner, *values):
    """Whether these are maps, at least one of which lies in blocks."""
    return all(len(v.shape) == 4 for v in values) and any(BLOCKED in planner.forms(v) for v in values)


@builds("Eltwise")
def eltwise(planner, unit):
    values = unit.inputs
    if unit.layer.forgets or not blocked(planner, *values):
        return False
    how, factors = HOW[unit.node.spec.operation], unit.node.layer.coeff
    total, factor = planner.want(values[0], BLOCKED), factors[0]
    for i, (value, other) in enumerate(zip(values[1:], factors[1:], strict=True), start=2):
        last = i == len(values)
        r = planner.want(value, BLOCKED)
        y = planner.give(unit.output, BLOCKED) if last else Cell(value.shape, BLOCKED, unit.node.name)
        planner.ops.append(Combine(unit.layer, [total, r], [y], how, (factor, other), unit.act if last else Act()))
        total, factor = y, 1.0
    return True


@builds("Scale")
def scale(planner, unit):
    (value, *others), blobs = unit.inputs, unit.node.blobs
    if others or not blobs or blobs[0].shape != value.shape[1:2] or unit.node.spec.axis not in (1, -3):
        return False
    return give_affine(planner, unit, blobs[0], blobs[1] if len(blobs) > 1 else 0.0, unit.act)


@builds("ReLU", "ReLU6", "Clip", "PReLU")
def activation(planner, unit):
    return give_affine(planner, unit, 1.0, 0.0, fuse.activation(unit.node))


def give_affine(planner, unit, a, b, act):
    (value,) = unit.inputs
    if act is None or not blocked(planner, value):
        return False
    x, y = planner.want(value, BLOCKED), planner.give(unit.output, BLOCKED)
    planner.ops.append(Affine(unit.layer, [x], [y], a, b, act))
    return True


@builds(*ALONE)
def alone(planner, unit):
    (value,) = unit.inputs
    if not blocked(planner, value) or value.shape[1] % W or prod(value.shape) == 0:
        return False
    x, y = planner.want(value, BLOCKED), planner.give(unit.output, BLOCKED)
    planner.ops.append(Alone(unit.layer, [x], [y]))
    return True
