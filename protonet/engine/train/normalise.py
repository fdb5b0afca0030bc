"""BatchNorm in training, with the Scale, the sum and the ReLU behind it: one pass over x for its moments, one for y.

Backward, one pass sums what gamma, beta and the statistics receive, one makes the gradient of x.  What a ReLU has cut
off is seen again from x; only after a sum is y read.
"""

from dataclasses import dataclass
from typing import Any

from protonet.engine.fuse import understood
from protonet.engine.layout import BLOCKED, Cell, follow
from protonet.engine.op import Op
from protonet.engine.train.plan import builds
from protonet.kernels import batch_norm, norm_blocked, norm_grad_blocked
from protonet.runtime.step import Buffer

NONE, RELU = 1.0, 0.0  # slopes


@dataclass(eq=False)
class Norm(Op):
    """y <- act(gamma * normal(x) + beta + r).  statistics: the layer's three; gamma, beta: blobs or None."""

    statistics: list
    gamma: Any
    beta: Any
    table: Buffer
    slope: float

    def lower(self, to):
        (x, *r), (y,), emit, layer = self.reads, self.writes, to.emit, self.layer
        C, m = x.shape[1], x.images * x.rows * x.columns
        mean, var = emit.scratch(C), emit.scratch(C)
        if layer.stored:
            emit(batch_norm.stored, *self.statistics, mean, var)
        else:
            rows, columns, (xs,) = follow(x)
            chunk, chunks, parts = cut(emit, x)
            args = x.images, x.blocks, rows, columns, *xs, chunk
            emit(norm_blocked.moments, x.view(), parts, *args, tasks=chunks * x.blocks)
            emit(norm_blocked.statistics, parts, mean, var, chunks, m)
            decay, unbias = layer.spec.moving_average_fraction, m / max(m - 1, 1)
            if m:  # of nothing there are no statistics
                emit(batch_norm.accumulate, mean, var, *self.statistics, decay, unbias)
        gamma, beta = self.gamma or mean, self.beta or mean
        given = self.gamma is not None, self.beta is not None
        outside = not layer.spec.add_eps_before_sqrt
        emit(norm_blocked.coefficients, mean, var, gamma, beta, self.table, *given, layer.spec.eps, outside)
        rows, columns, strides = follow(x, *r, y)
        old = r[0] if r else x
        to.take_over(old, y, self)
        y = to.write(y)
        args = self.slope, x.images, x.blocks, rows, columns, *(n for each in strides for n in each)
        tasks = x.images * x.blocks * rows
        if r:
            emit(norm_blocked.apply_sum, x.view(), r[0].view(), self.table, y.view(), *args, tasks=tasks)
        else:
            emit(norm_blocked.apply, x.view(), self.table, y.view(), *args, tasks=tasks)


def cut(emit, x):
    """(images a task, parts of the work, memory for their sums)."""
    chunk = norm_blocked.chunk(x.images, x.blocks)
    chunks = -(-x.images // chunk)
    return chunk, chunks, emit.scratch(chunks * x.blocks * 2 * norm_blocked.W, dtype="float64")


@dataclass(eq=False)
class Gradient(Op):
    """reads: x, dy, and y where dz is kept; writes: dx or nothing, dz.  dgamma, dbeta: what is added to, or None."""

    table: Buffer
    dgamma: Any
    dbeta: Any
    slope: float
    keeps: bool
    passes: bool

    def lower(self, to):
        (x, dy, *y), emit, layer = self.reads, to.emit, self.layer
        C, m = x.shape[1], x.images * x.rows * x.columns
        chunk, chunks, parts = cut(emit, x)
        slope, tasks = self.slope, chunks * x.blocks
        wanted = self.dgamma is not None, self.dbeta is not None
        if self.keeps:
            dz = self.writes[-1]
            to.take_over(dy, dz, self)
            rows, columns, strides = follow(x, y[0], dy, dz)
            dz = to.write(dz)
            args = slope, x.images, x.blocks, rows, columns, *(n for each in strides for n in each), chunk
            arrays = x.view(), y[0].view(), dy.view(), dz.view(), self.table, parts
            emit(norm_grad_blocked.sums_kept, *arrays, *args, tasks=tasks)
            dy, slope = dz, NONE
        elif not layer.stored or any(wanted):
            rows, columns, strides = follow(x, dy)
            args = slope, x.images, x.blocks, rows, columns, *(n for each in strides for n in each), chunk
            emit(norm_grad_blocked.sums_of, x.view(), dy.view(), self.table, parts, *args, tasks=tasks)
        grads = emit.scratch(x.blocks * norm_grad_blocked.GRADS)
        sums = self.dgamma or emit.scratch(C), self.dbeta or emit.scratch(C)
        emit(norm_grad_blocked.gradients, parts, self.table, *sums, grads, *wanted, layer.stored, chunks, m)
        if not self.passes:
            return
        dx = self.writes[0]
        if not self.keeps:
            to.take_over(dy, dx, self)
        rows, columns, strides = follow(x, dy, dx)
        dx = to.write(dx)
        args = slope, x.images, x.blocks, rows, columns, *(n for each in strides for n in each)
        tasks = x.images * x.blocks * rows
        emit(norm_grad_blocked.back, x.view(), dy.view(), self.table, grads, dx.view(), *args, tasks=tasks)


@builds("BatchNorm")
def build(planner, unit):
    node = unit.node
    (value,), output, layer = unit.inputs, unit.output, unit.layer
    if not planner.blocked(value) or not understood(node):
        return None
    statistics, own = planner.param_list(node)[:3], planner.param_list(node)[3:]
    if own and unit.scale:
        return None
    gamma, beta = [*(planner.param_list(unit.scale) if unit.scale else own), None, None][:2]
    x = planner.want(value, BLOCKED)
    r = [planner.want(unit.added, BLOCKED)] if unit.total else []
    y = planner.give(output, BLOCKED)
    table = Buffer((x.blocks * norm_blocked.TABLE,), "arena", f"{layer.name} table")
    slope = RELU if unit.relu else NONE
    planner.ops.append(Norm(layer, [x, *r], [y], statistics, gamma, beta, table, slope))

    def backward():
        dgamma, dbeta = (blob.diff if blob else None for blob in (gamma, beta))
        wants = node.wants[0]
        asks = unit.total and unit.total.wants[unit.total.inputs.index(unit.added)]
        if not planner.arrived(output) or not (wants or asks or dgamma or dbeta):
            return
        dy = planner.gradient(output, BLOCKED)
        keeps = bool(unit.total and unit.relu)
        dx = Cell(value.shape, BLOCKED, f"{value.name}.diff")
        dz = Cell(value.shape, BLOCKED, f"{output.name}.diff before")
        reads = [x, dy, y] if keeps else [x, dy]
        writes = [*([dx] if wants else []), *([dz] if keeps else [])]
        op = Gradient(layer, reads, writes, table, dgamma, dbeta, slope, keeps, wants)
        planner.ops.append(op)
        if wants:
            planner.contribute(value, dx)
        if asks:
            planner.contribute(unit.added, dz if keeps else dy)

    return backward
