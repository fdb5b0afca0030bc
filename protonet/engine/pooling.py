"""Pooling and local response normalisation on blocked cells."""

from dataclasses import dataclass
from typing import Any

from protonet.engine import unpooling
from protonet.engine.elementwise import blocked
from protonet.engine.layout import BLOCKED
from protonet.engine.op import Op
from protonet.engine.plan import builds
from protonet.kernels import pointwise_blocked, pool_blocked
from protonet.kernels.simd import W

MAX, AVE = 0, 1
KERNELS = {MAX: pool_blocked.maximum, AVE: pool_blocked.average}


@dataclass(eq=False)
class Pooling(Op):
    method: int
    window: Any  # kernel, stride and pad: two numbers each

    @property
    def vertical(self):
        """(rows of the window, stride, pad)."""
        return tuple(pair[0] for pair in self.window)

    def lower(self, to):
        self.part(to, 0, self.y.rows)

    def part(self, to, first, last):
        """Rows [first, last) of the outputs."""
        x, y, (kernel, stride, pad) = self.x, to.write(self.y), self.window
        sizes = y.images, y.blocks, x.rows, x.columns, last - first, y.columns
        args = *sizes, *x.strides, *y.strides, *kernel, *stride, *pad, first
        tasks = y.images * y.blocks * (last - first)
        to.emit(KERNELS[self.method], x.view(), y.view(first), *args, tasks=tasks)


@dataclass(eq=False)
class Normalisation(Op):
    def lower(self, to):
        (x,), (y,), spec = self.reads, self.writes, self.layer.spec
        y = to.write(y)
        args = y.images, y.blocks, y.rows, y.columns, *x.strides, *y.strides, self.layer.rate, spec.k
        to.emit(pointwise_blocked.lrn(spec.local_size), x.view(), y.view(), *args, tasks=y.images * y.rows)


@builds("Pooling")
def pooling(planner, unit):
    """MAX, with a second top where unpooling.py can; AVE with pads that are alike and count."""
    value, layer, method = unit.inputs[0], unit.layer, unit.node.spec.pool
    if len(unit.node.outputs) > 1:
        return unpooling.keeps(planner, unit)
    if not blocked(planner, value) or method not in KERNELS:
        return False
    kernel, stride, before, after, _ = layer.geometry(value.shape)
    if method == AVE and (layer.inside or before != after or any(s > k for s, k in zip(stride, kernel, strict=True))):
        return False
    x, y = planner.want(value, BLOCKED), planner.give(unit.output, BLOCKED)
    planner.ops.append(Pooling(unit.layer, [x], [y], method, (kernel, stride, before)))
    return True


@builds("LRN")
def lrn(planner, unit):
    (value,), spec = unit.inputs, unit.node.spec
    here = not unit.layer.within and abs(spec.beta - 0.75) < 1e-6
    if not blocked(planner, value) or not here or spec.local_size > 2 * W + 1 or value.shape[1] % W:
        return False
    x, y = planner.want(value, BLOCKED), planner.give(unit.output, BLOCKED)
    planner.ops.append(Normalisation(unit.layer, [x], [y]))
    return True
