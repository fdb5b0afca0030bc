"""First layers: few channels, large windows, strides.  By Winograd, once a picture's space has become depth.

7 x 7 / 2 on 3 channels is 4 x 4 on 12 without strides, 11 x 11 / 4 is 3 x 3 on 48: a window that Winograd has forms
for.  Where that is no gain, the convolution is any other (convolution.py).
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from protonet.engine.choose import FEW_CHANNELS, direct, rate, winograd
from protonet.engine.convolution import Convolution
from protonet.engine.fuse import CONVOLUTIONS
from protonet.engine.layout import BLOCKED, PLAIN, Cell
from protonet.engine.machine import fast
from protonet.engine.op import Op
from protonet.engine.plan import builds, plain
from protonet.engine.tiles import Problem
from protonet.kernels import depth
from protonet.kernels.winograd_forms import FORMS
from protonet.layers import spatial

MOVED = 2.0  # cycles a number that becomes depth
JOINED = 0.9 if fast() else 1.0  # what the direct algorithm costs beside the pooling behind it, band by band


@dataclass(eq=False)
class ToDepth(Op):
    window: Any

    def lower(self, to):
        (x,), (y,), w = self.reads, self.writes, self.window
        y = to.write(y)
        args = *w.stride, *w.before, y.blocks, y.rows, y.columns, *y.strides
        to.emit(depth.to_depth, plain(x).data, y.view(), *args, tasks=y.images * y.rows)


@dataclass(eq=False)
class First(Convolution):
    """window: over the depth; stride: what became depth."""

    stride: Any = None

    def merged(self):
        return deep(self.weights, self.stride, self.window.kernel)

    def planned(self, planner):
        m = self.choice.form[0]
        self.rate = rate(planner.weight)
        self.reach(*(-(-n // m) * m for n in (self.y.rows, self.y.columns)))
        return self


def deep(w, stride, kernel):
    """(K, C, kh, kw) -> (K, sh * sw * C, ceil(kh / sh), ceil(kw / sw)), filled up with zeros."""
    K, C, *window = w.shape
    (sh, sw), (h, v) = stride, kernel
    whole = np.zeros((K, C, h * sh, v * sw), w.dtype)
    whole[:, :, : window[0], : window[1]] = w
    return whole.reshape(K, C, h, sh, v, sw).transpose(0, 3, 5, 1, 2, 4).reshape(K, sh * sw * C, h, v)


def chosen(planner, window, x, y):
    """(window over the depth, choice), or None where the direct algorithm is as quick."""
    h, v = (-(-k // s) for k, s in zip(window.kernel, window.stride, strict=True))
    forms = [form for form in FORMS if form[1] == h == v]
    if planner.exact or min(window.stride) == 1 or window.dilation != (1, 1) or not forms:
        return None
    (N, C), (K, rows, columns) = x[:2], y[1:]
    (sh, sw), weights = window.stride, rate(planner.weight)
    p = Problem(N, 1, C, K, rows, columns, window.kernel, window.stride, lanes=C, rate=weights)
    deeper = Problem(N, 1, sh * sw * C, K, rows, columns, (h, v), rate=weights)
    moved = MOVED * N * sh * sw * C * (rows + h - 1) * (columns + v - 1)
    plain = direct(p)
    options = [replace(plain, cost=JOINED * plain.cost)]
    options += [replace(one, cost=one.cost + moved) for one in (winograd(deeper, form) for form in forms)]
    choice = planner.tune(p, options) if planner.tune else min(options, key=lambda one: one.cost)
    if choice.name == "direct":
        return None
    return replace(window, kernel=(h, v), stride=(1, 1), before=(0, 0), after=(0, 0)), choice


@builds(*CONVOLUTIONS)
def first(planner, unit):
    node, spec = unit.node, unit.node.spec
    value, shape = unit.inputs[0], unit.inputs[0].shape
    if len(unit.inputs) > 1 or len(shape) != 4 or len(node.blobs) != 1 + spec.bias_term or spec.relu or unit.added:
        return False
    axis, groups = node.layer.channels(shape)
    if axis != 1 or groups > 1 or shape[1] > FEW_CHANNELS or BLOCKED in planner.forms(value):
        return False
    window = spatial.window(spec, shape[2:])
    found = chosen(planner, window, shape, unit.output.shape)
    if found is None:
        return False
    over, choice = found
    size = [n + k - 1 for n, k in zip(unit.output.shape[2:], over.kernel, strict=True)]
    (sh, sw), x = window.stride, planner.want(value, PLAIN)
    cell = Cell((shape[0], sh * sw * shape[1], *size), BLOCKED, value.name)
    planner.ops.append(ToDepth(node.layer, [x], [cell], window))
    y = planner.give(unit.output, BLOCKED)
    op = First(node.layer, [cell], [y], node, unit.act, None, over, choice=choice, stride=window.stride)
    planner.ops.append(op.planned(planner))
    return True
