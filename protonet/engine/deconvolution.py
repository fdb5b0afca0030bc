"""Deconvolution on blocked cells: for each remainder of the place by the stride, a convolution of its own.

    y[i] = sum over taps t, with s | i + pad - t * dilation, of x[(i + pad - t * dilation) / s] * w[t]

So places i = a + s * q, for one remainder a an axis, see some of the taps, with stride 1: nothing is multiplied with
zeros.  Each phase is a step of conv_blocked.py that writes every s-th pixel of every s-th row.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from protonet.engine import pack
from protonet.engine.choose import direct, rate
from protonet.engine.layout import BLOCKED
from protonet.engine.machine import W
from protonet.engine.plan import builds
from protonet.engine.tiles import Problem, halved, tiled
from protonet.engine.weighted import Weighted
from protonet.engine.windows import merge
from protonet.kernels import conv_blocked
from protonet.layers import spatial


def axis(kernel, stride, before, dilation):
    """For each remainder: its taps, each with how far on it looks."""
    ends = [range(kernel)] * stride
    seen = [[(t, a + before - t * dilation) for t in taps] for a, taps in enumerate(ends)]
    return [[(t, n // stride) for t, n in phase if n % stride == 0] for phase in seen]


def turned(w, groups):
    """(C, K / G, kh, kw) -> (K, C / G, kh * kw): outputs first."""
    C, K = w.shape[:2]
    parts = w.reshape(groups, C // groups, K, -1)
    return parts.swapaxes(1, 2).reshape(groups * K, C // groups, parts.shape[3])


@dataclass(eq=False)
class Deconvolution(Weighted):
    window: Any = None  # of the convolution from y back to x
    groups: int = 1
    rate: float = 0.0

    def planned(self, planner):
        """Asks for the halo it needs."""
        w, x, y = self.window, self.x, self.y
        self.rate, self.axes = rate(planner.weight), []
        self.times = merge(self.groups, x.shape[1] // self.groups, y.shape[1] // self.groups)
        halo = []
        for size, seen, *one in zip(y.shape[2:], x.shape[2:], w.kernel, w.stride, w.before, w.dilation, strict=True):
            phases = [phase or [(None, 0)] for phase in axis(*one)]  # where no tap falls, zeros times something
            self.axes.append([(a, phase) for a, phase in enumerate(phases) if a < size])
            before = max(-n for _, phase in self.axes[-1] for _, n in phase)
            after = max(-(-(size - a) // one[1]) + n - seen for a, phase in self.axes[-1] for _, n in phase)
            halo.append((max(0, before), max(0, after)))
        (above, below), (left, right) = halo
        x.need(above, left, below, right)
        return self

    def lower(self, to):
        y = to.write(self.y)
        for row, down in self.axes[0]:
            for column, across in self.axes[1]:
                self.phase(to, y, row, column, [(t, u, i, j) for t, i in down for u, j in across])

    def packed(self, to, places):
        """The weights of the taps at these places of the window, flat; None: zeros."""

        def made():
            w = turned(self.weights, self.groups)
            w = np.concatenate([w, np.zeros_like(w[..., :1])], axis=2)[:, :, [-1 if p is None else p for p in places]]
            if self.times > 1:
                w = pack.merged(w, self.groups, self.times)
            return pack.direct(w[..., None], groups=self.groups // self.times)

        return to.constants.get(("phase", self.known, *places), made)

    def phase(self, to, y, row, column, taps):
        """One remainder.  taps: (row and column of the window, how far on each looks: rows, columns)."""
        x, (down, across), G = self.x, self.window.stride, self.groups // self.times
        mode, bias, slope, lo, hi = self.numbers(to)
        rows, columns = -(-(y.rows - row) // down), -(-(y.columns - column) // across)
        ins, outs = (cell.blocks // G if G > 1 else cell.blocks for cell in (x, y))
        weights = self.packed(to, [None if None in (t, u) else t * self.window.kernel[1] + u for t, u, _, _ in taps])
        ways = [b * x.block + i * x.row + j * W for b in range(ins) for _, _, i, j in taps]
        table = to.constants.table(4 * np.diff([*ways, ways[-1]]))
        K = y.shape[1] // G
        p = Problem(y.images, G, ins * W, K, rows, columns, (len(taps), 1), rate=self.rate)
        how = tiled(p, direct(p).tile, 4 * W * ins)
        (xn, xr, xb), (yn, yr, yb) = x.strides, y.strides
        args = G, outs, y.images, *how.lines, how.chunk, ins * xb if G > 1 else 0, xn, xr, yn, down * yr, yb, 0, 0, 0
        arrays = x.view(*taps[0][2:]), table, weights, bias, slope, bias, y.view(row, column), weights.seen(1)
        kernel = conv_blocked.conv(how.pixels, how.vectors, W, W, mode, across * W, halved(K))
        to.emit(kernel, *arrays, *args, 0, lo, hi, tasks=how.tasks)


@builds("Deconvolution")
def build(planner, unit):
    """Two spatial axes, one bottom, and channels that meet others: one by one, blocks would be mostly zeros."""
    node = unit.node
    (value, *others), spec = unit.inputs, node.spec
    if others or len(value.shape) != 4 or len(node.blobs) != 1 + spec.bias_term or spec.relu:
        return False
    axis_, groups = node.layer.channels(value.shape)
    if axis_ != 1 or groups == value.shape[1] == unit.output.shape[1] > 1:
        return False
    window = spatial.window(spec, unit.output.shape[2:])
    x, y = planner.want(value, BLOCKED), planner.give(unit.output, BLOCKED)
    planner.ops.append(Deconvolution(node.layer, [x], [y], node, unit.act, None, window, groups).planned(planner))
    return True
