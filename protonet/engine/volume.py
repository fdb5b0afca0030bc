"""Convolutions over three axes, by those over two: each depth is an image; what a window sees along depth, channels.

    volume      (N, C, D, H, W) in planes: an image for each depth, and images of zeros where the padding is
    window      of kd depths: kd neighbouring images, whose blocks of channels follow one another in memory
    outputs     of a depth: a convolution of kd * C channels, the next of them `stride` images further on

So every algorithm that choose.py knows does for volumes too, and nothing is moved but into planes and back.
"""

from dataclasses import dataclass
from math import prod

import numpy as np

from protonet.engine import pack
from protonet.engine.convolution import Convolution
from protonet.engine.fuse import CONVOLUTIONS
from protonet.engine.layout import BLOCKED, PLAIN, Cell
from protonet.engine.machine import W
from protonet.engine.op import Op
from protonet.engine.plan import builds, plain
from protonet.kernels import planes, pointwise
from protonet.layers import spatial


@dataclass(eq=False)
class Windows(Cell):
    """What the windows along depth see, an image each, inside a cell of planes; `step` planes further each time."""

    step: int = 1

    @property
    def image(self):
        return self.step * self.top.image


@dataclass(eq=False)
class ToPlanes(Op):
    """pads: planes of zeros before and after each image's."""

    pads: tuple[int, int]

    def lower(self, to):
        x, y, (before, after) = plain(self.x), to.write(self.y), self.pads
        N, _, D, H, _ = self.x.shape
        count = before + D + after
        for n in range(N + 1):
            start, stop = max(0, n * count - after), min(N * count, n * count + before)
            if start < stop:
                zeros = y.buffer.seen((stop - start) * y.image, start=start * y.image)
                to.emit(pointwise.fill, zeros, 0.0, tasks=pointwise.tasks(zeros.shape))
        start = y.start + before * y.image
        view = y.buffer.seen(y.buffer.count - start, start=start)
        to.emit(planes.to_planes, x, view, count, *y.strides, tasks=N * D * y.blocks * H)


class FromPlanes(Op):
    def lower(self, to):
        x, (N, _, D, H, _) = self.x, self.y.shape
        to.emit(planes.from_planes, x.view(), plain(self.y), D, *x.strides, tasks=N * D * x.blocks * H)


class Volume(Convolution):
    """One image of the batch."""

    def merged(self):
        K, C, depth, *window = self.weights.shape
        w = np.zeros((K, depth, pack.up(C), *window), np.float32)
        w[:, :, :C] = self.weights.swapaxes(1, 2)
        return w.reshape(K, -1, *window)


def planed(planner, value, pads=(0, 0)):
    """A volume in planes, made once for all that want as many zeros around it."""
    forms = planner.forms(value)
    if pads not in forms:
        N, C, D, *size = value.shape
        x = planner.want(value, PLAIN)
        forms[pads] = Cell((N * (D + sum(pads)), C, *size), BLOCKED, value.name)
        planner.ops.append(ToPlanes(planner.real(value).maker.layer, [x], [forms[pads]], pads))
    return forms[pads]


def part(whole, first, shape, step=1):
    """Planes of a cell from one on, `step` apart; with more channels than it has, each with those after it."""
    found = Windows(shape, BLOCKED, whole.name, step=step)
    found.put(whole, 0, first)
    return found


def flat(window, channels):
    """The window without depth; None where planes do not do: few channels (half a vector), holes along depth."""
    w = window
    if 2 * channels < W or w.dilation[0] > 1 < w.kernel[0]:
        return None
    return spatial.Window(w.kernel[1:], w.stride[1:], w.before[1:], w.after[1:], w.dilation[1:])


@builds(*CONVOLUTIONS)
def volume(planner, unit):
    """Three spatial axes, one bottom, one group whose channels fill half a vector at least, no holes along depth."""
    node, spec, layer = unit.node, unit.node.spec, unit.layer
    value, shape = unit.inputs[0], unit.inputs[0].shape
    if len(unit.inputs) > 1 or len(shape) != 5 or len(node.blobs) != 1 + spec.bias_term or spec.relu:
        return False
    axis, groups = layer.channels(shape)
    if axis != 1 or groups > 1 or prod(shape) == 0:
        return False
    w = spatial.window(spec, shape[2:])
    over = flat(w, shape[1])
    if over is None:
        return False
    N, K, depth, *size = unit.output.shape
    x = planed(planner, value, (w.before[0], w.after[0]))
    added = planed(planner, unit.added) if unit.added else None
    y = Cell((N * depth, K, *size), BLOCKED, unit.output.name)
    seen, made = (depth, w.kernel[0] * x.blocks * W, *shape[3:]), (depth, K, *size)
    for n in range(N):
        reads = [part(x, n * x.images // N, seen, w.stride[0])]
        old = part(added, n * depth, made) if added else None
        reads += [old] if old else []
        op = Volume(layer, reads, [part(y, n * depth, made)], node, unit.act, old, over)
        planner.ops.append(op.planned(planner))
    planner.ops.append(FromPlanes(layer, [y], [planner.give(unit.output, PLAIN)]))
    return True
