"""Convolution in training: weights are packed anew in each step, and gradients are convolutions of gradients.

forward   y = w * x
data      dx = (w turned round) * dy; what a stride leaves out is spread apart again
weights   dw += the sum over pixels of dy times the inputs that it saw
"""

from dataclasses import dataclass, replace
from math import prod
from types import SimpleNamespace
from typing import Any

import numpy as np

from protonet.engine.choose import FEW_CHANNELS, direct, winograd
from protonet.engine.convolution import Convolution
from protonet.engine.copying import Pick
from protonet.engine.fuse import Act, understood
from protonet.engine.layout import BLOCKED, PIXELS, Cell, follow
from protonet.engine.op import Op
from protonet.engine.pack import up
from protonet.engine.tiles import NEAR
from protonet.engine.train.phases import Phases
from protonet.engine.train.plan import builds
from protonet.engine.train.weights import POINTS, Weights
from protonet.kernels import gradient_blocked, pack_blocked, pointwise
from protonet.kernels.conv_blocked import BELOW
from protonet.kernels.simd import W
from protonet.kernels.winograd_forms import FORMS, planes
from protonet.layers import spatial
from protonet.runtime.step import Buffer

TRANSFORMING = 1.0  # cycles for a vector of the transformed weights, and more for memory


@dataclass(eq=False)
class Product(Convolution):
    """One convolution of a step.  w: the plain weights; bias: a blob or None; back: with the weights turned round."""

    w: Any = None
    bias: Any = None
    back: bool = False
    exact: bool = False

    @property
    def shape(self):
        """(K, C, kh, kw) of the weights of a group, as the layer has them."""
        K, C, *window = self.w.shape
        return K // self.groups, C, *window

    @property
    def weights(self):
        return SimpleNamespace(shape=self.w.shape)

    @property
    def lanes(self):
        return W if self.back else super().lanes

    def planned(self, planner):
        self.exact = planner.exact
        self.rate = NEAR  # what has just been packed
        p = self.problem(joined=self.window.kernel == (1, 1) and self.window.stride == (1, 1))
        self.choice = chosen(p, self.exact) if self.x.form == BLOCKED else direct(p)
        m = self.choice.form[0] or 1
        self.reach(*(-(-n // m) * m for n in (self.y.rows, self.y.columns)))
        return self

    def seen(self):
        K, C, *window = self.shape
        return self.w.seen(self.groups, K, C, prod(window))

    def packed(self, to, lanes):
        K, C, *window = self.shape
        G, T = self.groups, prod(window)
        if self.back:
            made = Buffer((G * up(C) * up(K) * T,), "arena", f"{self.layer.name} turned")
            places = to.constants.table([(0, T, T - 1 - t) for t in range(T)]).seen(T, 3)
            to.emit(pack_blocked.turned, self.seen(), places, made, tasks=G * up(C) // W)
        else:
            made = Buffer((G * up(K) * up(C, lanes) * T,), "arena", f"{self.layer.name} packed")
            to.emit(pack_blocked.direct, self.seen().seen(G, K, C * T), made, T, lanes, tasks=G * up(K) // W)
        return made

    def transformed(self, to, form):
        packed = self.packed(to, W)
        T = form[1] ** 2
        made = Buffer((packed.count // T * planes(form),), "arena", f"{self.layer.name} transformed weights")
        vectors = self.y.blocks
        runs = packed.count // (vectors * T * W * W)
        to.emit(pack_blocked.TRANSFORM[form], packed, made, runs, tasks=vectors)
        return made

    def numbers(self, to):
        size = self.y.blocks * W
        if self.bias is None:
            bias = to.constants.get(("zeros", size), lambda: np.zeros(size, np.float32))
        elif self.bias.count == size:
            bias = self.bias.data
        else:
            bias = Buffer((size,), "arena", f"{self.layer.name} bias")
            to.emit(pointwise.fill, bias, 0.0, tasks=pointwise.tasks(bias.shape))
            to.emit(pointwise.copy, self.bias.data, bias.seen(self.bias.count), tasks=1)
        return BELOW, bias, bias, self.act.lo, self.act.hi


def chosen(p, exact):
    """Direct, or Winograd's with the cost of transforming the weights."""
    options = [direct(p)]
    square = p.kernel[0] == p.kernel[1] and p.stride == (1, 1) and p.dilation == (1, 1)
    for m, r in FORMS if square and not exact and p.C >= W else ():
        if r == p.kernel[0] and m + r - 1 <= POINTS:
            found = winograd(p, (m, r))
            more = p.G * p.vectors * p.blocks * W * planes((m, r)) * TRANSFORMING
            options.append(replace(found, cost=found.cost + more))
    return min(options, key=lambda choice: choice.cost)


@dataclass(eq=False)
class Masked(Op):
    """dz <- dy where y > 0 (or dy itself, if there is no y); bias: what its sums are added to, or None."""

    bias: Any

    def lower(self, to):
        *y, dy = self.reads
        N, K = dy.images, dy.blocks
        sums = Buffer((N * K * W,), "scratch", f"{self.layer.name} sums")
        if self.writes:
            (dz,) = self.writes
            rows, columns, strides = follow(y[0], dy, dz)
            to.take_over(dy, dz, self)
            dz = to.write(dz)
            flat = [n for each in strides for n in each]
            args = 0.0, N, K, rows, columns, *flat
            to.emit(gradient_blocked.relu, y[0].view(), dy.view(), dz.view(), sums, *args, tasks=N * K)
        else:
            rows, columns, (strides,) = follow(dy)
            to.emit(gradient_blocked.sums_of, dy.view(), sums, N, K, rows, columns, *strides, tasks=N * K)
        if self.bias is not None:
            to.emit(gradient_blocked.add_sums, sums, self.bias, N)


def masked(planner, layer, y, gradient, bias=None):
    """The gradient before a ReLU whose output value is y, and its sums added to a bias."""
    dz = Cell(gradient.shape, BLOCKED, f"{gradient.name} masked")
    planner.ops.append(Masked(layer, [planner.want(y, BLOCKED), gradient], [dz], bias))
    return dz


def groups(unit, axes):
    """The groups of a convolution over so many spatial axes, with one bottom that is not empty; 0 if it is no such."""
    node, (value, *others) = unit.node, unit.inputs
    if others or len(value.shape) != 2 + axes or node.spec.relu or not understood(node) or prod(value.shape) == 0:
        return 0
    axis, G = node.layer.channels(value.shape)
    return G if axis == 1 else 0


@builds("Convolution")
def build(planner, unit):
    """Two spatial axes, groups of whole blocks."""
    node, value, output, G = unit.node, unit.inputs[0], unit.output, groups(unit, axes=2)
    if not G or (G > 1 and (value.shape[1] // G % W or output.shape[1] // G % W)):
        return None
    window = spatial.window(node.spec, value.shape[2:])
    w, *bias = planner.param_list(node)
    bias = bias[0] if bias else None
    act = Act(lo=0.0) if unit.relu else Act()
    few = value.shape[1] <= FEW_CHANNELS and G == 1 and BLOCKED not in planner.cells[value]
    x = planner.want(value, PIXELS if few else BLOCKED)
    picks = x.form == BLOCKED and window.kernel == (1, 1) != window.stride and not any(window.before)
    whole, seen = x, window
    if picks:
        x = Cell((*value.shape[:2], *output.shape[2:]), BLOCKED, value.name)
        planner.ops.append(Pick(node.layer, [whole], [x], window.stride))
        seen = replace(window, stride=(1, 1))
    y = planner.give(output, BLOCKED)
    product = Product(node.layer, [x], [y], None, act, None, seen, G, w=w.data, bias=bias)
    planner.ops.append(product.planned(planner))

    def backward():
        learns = w.diff is not None
        wants = node.wants[0]
        if not planner.arrived(output) or not (wants or any(node.learns)):
            return
        dy = planner.gradient(output, BLOCKED)
        db = bias.diff if bias is not None else None
        if unit.relu and output not in planner.masked:
            dy = masked(planner, node.layer, output, dy, db)
        elif db is not None:
            planner.ops.append(Masked(node.layer, [dy], [], db))
        if learns:
            planner.ops.append(Weights(node.layer, [x, dy], [], seen, G, w.diff, planner.exact))
        if not wants:
            return
        part = planner.partial(value)
        dx = Cell(value.shape, BLOCKED, f"{value.name}.diff")
        reads = [dy, part] if part else [dy]
        before = tuple(d * (k - 1) - b for k, d, b in zip(window.kernel, window.dilation, window.before, strict=True))
        if window.stride == (1, 1) and min(before) >= 0:
            round_ = spatial.Window(window.kernel, (1, 1), before, before, window.dilation)
            back = Product(node.layer, reads, [dx], None, Act(), part, round_, G, w=w.data, back=True)
            planner.ops.append(back.planned(planner))
        else:
            planner.ops.append(Phases(node.layer, reads, [dx], window, G, w.data))
        planner.contribute(value, dx)

    return backward
