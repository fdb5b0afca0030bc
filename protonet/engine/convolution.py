"""Convolution on blocked cells: geometry, halos, and the steps of each algorithm that choose.py knows."""

from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from protonet.engine import pack, strassen, winograd
from protonet.engine.choose import FEW_CHANNELS, Choice, choose, direct, grown, rate
from protonet.engine.copying import Pick
from protonet.engine.elementwise import Combine
from protonet.engine.fuse import CONVOLUTIONS, Act
from protonet.engine.layout import BLOCKED, PIXELS, Cell
from protonet.engine.machine import REGISTERS, W
from protonet.engine.plan import builds, key
from protonet.engine.tiles import NEAR, Problem, across, halved, runs, tiled
from protonet.engine.weighted import Weighted
from protonet.engine.windows import merge, trimmed
from protonet.kernels import conv_blocked, depthwise
from protonet.kernels.pointwise_blocked import SUM
from protonet.layers import spatial

DEPTHWISE = (14, 10, 7) if REGISTERS == 32 else (10, 7)  # pixels a tile


@dataclass(eq=False)
class Convolution(Weighted):
    window: Any = None
    groups: int = 1
    choice: Any = None
    rate: float = NEAR
    times: int = 1  # so many of the layer's groups make one here
    crop: tuple = ()  # places of the layer's window that this one has, first and after the last of each axis; (): all

    @property
    def lanes(self):
        """Channels in a run."""
        if self.x.form == PIXELS:
            return self.x.shape[1]
        return runs(self.x.shape[1]) if self.groups == 1 else W

    def problem(self, joined=False):
        y, G = self.y, self.groups
        C, K = self.x.shape[1] // G, y.shape[1] // G
        w = self.window
        return Problem(
            y.images, G, C, K, y.rows, y.columns, w.kernel, w.stride, w.dilation, self.lanes, joined, self.rate
        )

    @property
    def weights(self):
        w = self.node.blobs[0]
        return w[..., slice(*self.crop[0]), slice(*self.crop[1])] if self.crop else w

    @property
    def known(self):
        return key(self.node.blobs[0]), self.crop

    def merged(self):
        """The weights with groups taken together."""
        return pack.merged(self.weights, self.groups * self.times, self.times) if self.times > 1 else self.weights

    def reach(self, rows, columns):
        """The halo that outputs [0, rows) x [0, columns) look into."""
        w, x = self.window, self.x
        ends = ((n - 1) * s + e - b for n, s, e, b in zip((rows, columns), w.stride, w.extent, w.before, strict=True))
        below, right = (end - size for end, size in zip(ends, x.shape[2:], strict=True))
        self.x.need(w.before[0], w.before[1], below, right)

    @property
    def pointwise(self):
        """Whether each output looks at the one pixel in its place."""
        w, x, y = self.window, self.x, self.y
        return w.kernel == w.stride == (1, 1) and x.shape[2:] == y.shape[2:] and not any(w.before)

    @property
    def vertical(self):
        """(rows of the window, stride, pad)."""
        w = self.window
        return w.extent[0], w.stride[0], w.before[0]

    def planned(self, planner):
        """Chooses the algorithm, and asks for the halo it needs."""
        y, self.rate = self.y, rate(planner.weight)
        if self.x.form == BLOCKED and self.weights.shape[1] == 1 and self.groups == self.x.shape[1] == y.shape[1] > 1:
            self.choice = Choice("depthwise")
        elif self.x.form == BLOCKED:
            self.times = merge(self.groups, self.x.shape[1] // self.groups, y.shape[1] // self.groups)
            self.groups //= self.times
            one = self.pointwise
            self.choice = choose(self.problem(joined=one), planner.exact, planner.tune)
            if self.choice.name == "winograd":
                plain = direct(self.problem(joined=one))
                if not planner.afford(grown(self.problem(), self.choice.form), plain.cost - self.choice.cost):
                    self.choice = plain
            if self.choice.name == "strassen" and self.act.slope is not None:
                self.choice = direct(self.problem(joined=one))
            if self.choice.name == "winograd":
                m = self.choice.form[0]
                self.reach(*(-(-n // m) * m for n in (y.rows, y.columns)))
                return self
        else:
            self.choice = Choice("direct")
        self.reach(y.rows, y.columns)
        return self

    def lower(self, to):
        if self.choice.name in ("direct", "depthwise"):
            self.part(to, 0, self.y.rows)
        else:
            getattr(self, f"lower_{self.choice.name}")(to)

    def part(self, to, first, last):
        """Rows [first, last) of the outputs."""
        getattr(self, f"lower_{self.choice.name}")(to, first, last)

    def sum(self, to):
        """The cell that is added, or None; where nobody reads it later, the sum takes its place in memory."""
        if self.added:
            to.take_over(self.added, self.y, self)
        return self.added

    def lower_direct(self, to, first, last):
        w, x, lanes = self.window, self.x, self.lanes
        channels = x.shape[1] // self.groups
        places = [
            c // x.pixel * x.block + c % x.pixel + i * w.dilation[0] * x.row + j * w.dilation[1] * x.pixel
            for c in range(0, channels, lanes)
            for i in range(w.kernel[0])
            for j in range(w.kernel[1])
        ]
        self.tiles(to, places, self.packed(to, lanes), lanes, first, last)

    def packed(self, to, lanes):
        """The weights for tiles that walk so many channels a run."""
        name = ("direct", self.known, lanes)
        return to.constants.get(name, lambda: pack.direct(self.merged(), lanes, self.groups))

    def alone(self, to):
        """The weights of one channel each."""
        return to.constants.get(("depthwise", self.known), lambda: pack.depthwise(self.weights))

    def transformed(self, to, form):
        """The weights for a form of Winograd's."""
        name = ("winograd", form, self.known)
        return to.constants.get(name, lambda: pack.transformed(self.merged(), form, self.groups))

    def tiles(self, to, places, packed, lanes, first, last):
        """The step of a direct convolution whose runs of inputs lie at these places (floats from a window's first)."""
        w, x, y, r = self.window, self.x, self.y, self.sum(to)
        mode, bias, slope, lo, hi = self.numbers(to)
        joined = self.pointwise and x.form == BLOCKED and all(cell.dense for cell in ([x, y, r] if r else [x, y]))
        p = replace(self.problem(joined), rows=last - first)
        seen = prod(map(min, w.kernel, w.stride))  # inputs of a pixel that its neighbour does not see
        how = tiled(p, direct(p).tile, 4 * p.inputs * seen)
        (xn, xr, _), ys, rs = x.strides, y.strides, r.strides if r else (0, 0, 0)
        out = y.blocks // self.groups if self.groups > 1 else y.blocks
        half = halved(y.shape[1] // self.groups)
        kernel = conv_blocked.conv(how.pixels, how.vectors, lanes, w.stride[1] * x.pixel, mode, half=half)
        table = to.constants.table(4 * np.diff([*places, places[-1]]))
        old = r.view(first) if r else bias
        xg = x.blocks // self.groups * x.block if self.groups > 1 else 0
        sizes = self.groups, out, y.images, *how.lines, how.chunk
        strides = xg, xn, xr * w.stride[0], *ys, *rs
        y = to.write(y)
        start = x.view(first * w.stride[0] - w.before[0], -w.before[1])
        arrays = start, table, packed, bias, slope, old, y.view(first), packed.seen(1)
        to.emit(kernel, *arrays, *sizes, *strides, r is not None, lo, hi, tasks=how.tasks)

    def lower_strassen(self, to):
        strassen.lower(self, to)

    def lower_depthwise(self, to, first, last):
        w, x, y = self.window, self.x, self.y
        mode, bias, slope, lo, hi = self.numbers(to)
        places = [
            i * w.dilation[0] * x.row + j * w.dilation[1] * W for i in range(w.kernel[0]) for j in range(w.kernel[1])
        ]
        table = to.constants.table(4 * np.diff([*places, places[-1]]))
        packed = self.alone(to)
        known = w.kernel in ((3, 3), (5, 5)) and w.dilation == (1, 1) and w.stride[1] <= 2
        held = w.kernel[0] + 2 if known else 3  # besides sums: a row of weights, an input
        pixels = across(y.columns, [n for n in DEPTHWISE if n + held <= REGISTERS])
        kernel = depthwise.depthwise(w.kernel[0] if known else 0, w.stride[1], pixels, mode)
        y = to.write(y)
        sizes = y.images, y.blocks, last - first, y.columns
        args = *sizes, x.row, x.image, x.row * w.stride[0], x.block, *y.strides, lo, hi
        start = x.view(first * w.stride[0] - w.before[0], -w.before[1])
        arrays = start, table, packed, bias, slope, y.view(first)
        to.emit(kernel, *arrays, *args, tasks=y.images * y.blocks * (last - first))

    def lower_winograd(self, to):
        winograd.lower(self, to)


def picked(planner, value, x, stride, shape):
    """What a 1 x 1 convolution with a stride looks at, in a cell of its own: made once for all that look at it.

    Strided tiles read half of each line that the cache brings (1 x 1 / 2, 512 channels, 28 x 28: 161 GFLOP/s, so 180).
    """
    forms = planner.forms(value)
    if stride not in forms:
        forms[stride] = Cell((*value.shape[:2], *shape[2:]), BLOCKED, value.name)
        planner.ops.append(Pick(value.maker.layer, [x], [forms[stride]], stride))
    return forms[stride]


@builds(*CONVOLUTIONS)
def build(planner, unit):
    """Two spatial axes, one bottom."""
    node = unit.node
    (value, *others), spec = unit.inputs, node.spec
    if others or len(value.shape) != 4 or len(node.blobs) != 1 + spec.bias_term:
        return False
    axis, groups = node.layer.channels(value.shape)
    if axis != 1:
        return False
    window, crop = trimmed(spatial.window(spec, value.shape[2:]), value.shape[2:], unit.output.shape[2:])
    act = unit.act
    if spec.relu:
        act = Act(lo=0.0) if spec.negative_slope == 0 else Act(slope=np.float32(spec.negative_slope))
    few = value.shape[1] <= FEW_CHANNELS and groups == 1 and BLOCKED not in planner.forms(value)
    x = planner.want(value, PIXELS if few else BLOCKED)
    alone = x.form == BLOCKED and groups == value.shape[1] == unit.output.shape[1] > 1
    if x.form == BLOCKED and not alone and window.kernel == (1, 1) != window.stride and not any(window.before):
        x, window = picked(planner, value, x, window.stride, unit.output.shape), replace(window, stride=(1, 1))
    added = planner.want(unit.added, BLOCKED) if unit.added else None
    y = planner.give(unit.output, BLOCKED)
    if alone and added:  # depthwise kernels do not add
        between = Cell(y.shape, BLOCKED, node.name)
        planner.ops.append(
            Convolution(node.layer, [x], [between], node, Act(), None, window, groups, crop=crop).planned(planner)
        )
        planner.ops.append(Combine(node.layer, [between, added], [y], SUM, (1.0, 1.0), unit.act))
        return True
    reads = [x, added] if added else [x]
    planner.ops.append(
        Convolution(node.layer, reads, [y], node, act, added, window, groups, crop=crop).planned(planner)
    )
    return True
