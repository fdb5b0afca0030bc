"""The data's gradient of a convolution with strides: for each remainder of the place, a convolution of its own.

    dx[i] = sum over taps t, with s | i + pad - t * dilation, of dy[(i + pad - t * dilation) / s] * w[t]

So places i = a + s * q, for one remainder a an axis, see some of the taps, with stride 1.  Each phase is a step of
conv_blocked.py that writes every s-th pixel of every s-th row; taps lie anywhere, so pads and dilations may be any.
"""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from protonet.engine.choose import direct
from protonet.engine.deconvolution import axis
from protonet.engine.fuse import INF
from protonet.engine.op import Op
from protonet.engine.tiles import Problem, tiled
from protonet.kernels import conv_blocked, gradient_blocked, pack_blocked
from protonet.kernels.conv_blocked import BELOW
from protonet.kernels.simd import W
from protonet.runtime.step import Buffer


@dataclass(eq=False)
class Phases(Op):
    """dx <- the gradient at x, + what else arrives there.  reads: dy, and that if there is any."""

    window: Any
    groups: int
    w: Any  # (K, C, kh, kw)

    def __post_init__(self):
        dy, (dx,) = self.reads[0], self.writes
        self.axes = [axis(*each) for each in zip(*self.sizes, strict=True)]
        above, left = (max(0, *(-n for phase in one for _, n in phase)) for one in self.axes)
        below, right = (
            max(0, *(-(-(size - a) // s) + n - high for a, phase in enumerate(one) for _, n in phase))
            for one, s, size, high in zip(self.axes, self.window.stride, dx.shape[2:], dy.shape[2:], strict=True)
        )
        dy.need(above, left, below, right)

    @property
    def sizes(self):
        w = self.window
        return w.kernel, w.stride, w.before, w.dilation

    def phases(self):
        """(row, column, [(tap, rows on, columns on)]) of all that have any places."""
        (dx,), (rows, columns), kw = self.writes, self.axes, self.window.kernel[1]
        for a, down in enumerate(rows):
            for b, across in enumerate(columns):
                if a < dx.rows and b < dx.columns:
                    yield a, b, [(t * kw + u, i, j) for t, i in down for u, j in across]

    def lower(self, to):
        (dy, *part), (dx,), G = self.reads, self.writes, self.groups
        K, C, *window = self.w.shape
        K, T = K // G, prod(window)
        ins, outs = dy.blocks // G if G > 1 else dy.blocks, dx.blocks // G if G > 1 else dx.blocks
        within = bool(part) and to.take_over(part[0], dx, self)
        dx, found = to.write(dx), list(self.phases())
        added = part[0] if part else None
        if any(not taps for _, _, taps in found):
            if not within:
                self.begin(to, dy, added)
            added = added and dx
        packed = Buffer((G * outs * W * ins * W * T,), "arena", f"{self.layer.name} turned")
        places, start = [(0, 1, 0)] * T, 0
        for _, _, taps in found:
            for i, (t, _, _) in enumerate(taps):
                places[t] = start, len(taps), i
            start += G * outs * W * ins * W * len(taps)
        table, w = to.constants.table(places).seen(T, 3), self.w.seen(G, K, C, T)
        to.emit(pack_blocked.turned, w, table, packed, tasks=G * outs)
        for row, column, taps in found:
            if taps:
                start = places[taps[0][0]][0]
                weights = packed.seen(G * outs * W * ins * W * len(taps), start=start)
                self.phase(to, row, column, taps, weights, added, ins, outs)

    def begin(self, to, dy, added):
        """dx <- what is added, or zeros."""
        (dx,) = self.writes
        old = added or dx
        args = bool(added), dx.images, dx.blocks, dx.rows, dx.columns, 0, 0, 1, 1
        strides = *dy.strides, *old.strides, *dx.strides
        tasks = dx.images * dx.blocks * dx.rows
        to.emit(gradient_blocked.spread, dy.view(), old.view(), dx.view(), *args, *strides, tasks=tasks)

    def phase(self, to, row, column, taps, weights, added, ins, outs):
        dy, (dx,), G, (down, across) = self.reads[0], self.writes, self.groups, self.window.stride
        rows, columns = -(-(dx.rows - row) // down), -(-(dx.columns - column) // across)
        p = Problem(dx.images, G, ins * W, outs * W, rows, columns, (len(taps), 1))
        how = tiled(p, direct(p).tile, 4 * W * ins)
        ways = [b * dy.block + i * dy.row + j * W for b in range(ins) for _, i, j in taps]
        table = to.constants.table(4 * np.diff([*ways, ways[-1]]))
        size = dx.blocks * W
        zeros = to.constants.get(("zeros", size), lambda: np.zeros(size, np.float32))
        xn, xr, xb = dy.strides
        yn, yr, yb = dx.strides
        rn, rr, rb = added.strides if added else (0, 0, 0)
        old = added.view(row, column) if added else zeros
        start = dy.view(taps[0][1], taps[0][2])
        args = G, outs, dx.images, *how.lines, how.chunk, ins * xb if G > 1 else 0
        strides = xn, xr, yn, down * yr, yb, rn, down * rr, rb
        kernel = conv_blocked.conv(how.pixels, how.vectors, W, W, BELOW, across * W)
        arrays = start, table, weights, zeros, zeros, old, dx.view(row, column), weights.seen(1)
        to.emit(kernel, *arrays, *args, *strides, added is not None, -INF, INF, tasks=how.tasks)
