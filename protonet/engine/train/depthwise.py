"""Depthwise convolution in training: forward as in inference, with weights packed in each step.

data      a depthwise convolution of dy with the weights turned round; with strides, of dy spread apart
weights   kernels/depthwise_weights.py
"""

from dataclasses import dataclass, replace
from math import prod
from typing import Any

from protonet.engine.choose import Choice
from protonet.engine.fuse import Act
from protonet.engine.layout import BLOCKED, Cell
from protonet.engine.op import Op
from protonet.engine.train.convolution import Masked, Product, groups, masked
from protonet.engine.train.plan import builds
from protonet.kernels import depthwise_weights, gradient_blocked
from protonet.kernels.simd import W
from protonet.layers import spatial
from protonet.runtime.step import Buffer


@dataclass(eq=False)
class Alone(Product):
    """The convolution of each channel by itself."""

    def planned(self, planner):
        self.choice = Choice("depthwise")
        self.reach(self.y.rows, self.y.columns)
        return self

    def alone(self, to):
        C, T = self.w.shape[0], prod(self.w.shape[1:])
        made = Buffer((self.x.blocks * T * W,), "arena", f"{self.layer.name} packed")
        to.emit(depthwise_weights.pack, self.w.seen(C, T), made, self.back, tasks=self.x.blocks)
        return made


@dataclass(eq=False)
class Weights(Op):
    """dw += the gradient of the weights.  reads: x, dy."""

    window: Any
    dw: Any  # (C, 1, kh, kw)

    def lower(self, to):
        (x, dy), w, dw = self.reads, self.window, self.dw
        (kh, kw), (xn, xr, xb) = w.kernel, x.strides
        sums = Buffer((dy.images * dy.blocks * kh * kw * W,), "scratch", f"{self.layer.name} sums")
        kernel = depthwise_weights.weights(kw, w.stride[1], w.dilation[1])
        start = x.view(-w.before[0], -w.before[1])
        sizes = kh, w.dilation[0] * xr, dy.images, dy.blocks, dy.rows, dy.columns
        strides = xn, w.stride[0] * xr, xb, *dy.strides
        to.emit(kernel, start, dy.view(), sums, *sizes, *strides, tasks=dy.images * dy.blocks)
        flat = dw.seen(dw.shape[0], kh * kw)
        to.emit(depthwise_weights.collect, sums, flat, dy.images, tasks=dy.blocks)


@dataclass(eq=False)
class Spread(Op):
    """Pixels `stride` apart, zeros between."""

    stride: tuple[int, int]

    def lower(self, to):
        (x,), (y,) = self.reads, self.writes
        y = to.write(y)
        args = False, y.images, y.blocks, y.rows, y.columns, x.rows, x.columns, *self.stride
        strides = *x.strides, *x.strides, *y.strides
        tasks = y.images * y.blocks * y.rows
        to.emit(gradient_blocked.spread, x.view(), x.view(), y.view(), *args, *strides, tasks=tasks)


@builds("Convolution")
def build(planner, unit):
    """Two spatial axes, one window for each channel, pads smaller than it."""
    node, value, output = unit.node, unit.inputs[0], unit.output
    if not 1 < groups(unit, axes=2) == value.shape[1] == output.shape[1]:
        return None
    window = spatial.window(node.spec, value.shape[2:])
    before = tuple(d * (k - 1) - b for k, d, b in zip(window.kernel, window.dilation, window.before, strict=True))
    if min(before) < 0:
        return None
    w, *bias = planner.param_list(node)
    bias = bias[0] if bias else None
    C, x = value.shape[1], planner.want(value, BLOCKED)
    y, act = planner.give(output, BLOCKED), Act(lo=0.0) if unit.relu else Act()
    made = Alone(node.layer, [x], [y], None, act, None, window, C, w=w.data, bias=bias)
    planner.ops.append(made.planned(planner))

    def backward():
        if not planner.arrived(output) or not (node.wants[0] or any(node.learns)):
            return
        dy = planner.gradient(output, BLOCKED)
        db = bias.diff if bias is not None else None
        if unit.relu:
            dy = masked(planner, node.layer, output, dy, db)
        elif db is not None:
            planner.ops.append(Masked(node.layer, [dy], [], db))
        if w.diff is not None:
            planner.ops.append(Weights(node.layer, [x, dy], [], window, w.diff))
        if not node.wants[0]:
            return
        if window.stride != (1, 1):
            size = [(n - 1) * s + 1 for n, s in zip(dy.shape[2:], window.stride, strict=True)]
            apart = Cell((*dy.shape[:2], *size), BLOCKED, f"{output.name}.diff apart")
            planner.ops.append(Spread(node.layer, [dy], [apart], window.stride))
            dy = apart
        dx = Cell(value.shape, BLOCKED, f"{value.name}.diff")
        round_ = replace(window, stride=(1, 1), before=before, after=before)
        back = Alone(node.layer, [dy], [dx], None, Act(), None, round_, C, w=w.data, back=True)
        planner.ops.append(back.planned(planner))
        planner.contribute(value, dx)

    return backward
