"""Convolutions over three axes in training: by those over two, on planes, as engine/volume.py says.

forward   a depth of y is a convolution of kd * C channels of x
data      for each remainder of the depth by its stride, a convolution of as many K channels of dy as taps are seen
weights   those of windows of kd * C channels
"""

from dataclasses import dataclass, field
from math import prod
from typing import Any

from protonet.engine.fuse import Act
from protonet.engine.layout import BLOCKED, PLAIN, Cell
from protonet.engine.op import Op
from protonet.engine.pack import up
from protonet.engine.plan import plain
from protonet.engine.train import depth, weights
from protonet.engine.train.convolution import Masked, Product, groups
from protonet.engine.train.phases import Phases
from protonet.engine.train.plan import builds
from protonet.engine.volume import FromPlanes, ToPlanes, flat, part, planed
from protonet.kernels import activation, pointwise
from protonet.kernels.simd import W
from protonet.layers import spatial


@dataclass(eq=False)
class Image(Product):
    """One image of a batch.  made: packed weights, which all images share."""

    made: dict = field(default_factory=dict)

    def packed(self, to, lanes):
        if lanes not in self.made:
            self.made[lanes] = super().packed(to, lanes)
        return self.made[lanes]

    def transformed(self, to, form):
        if form not in self.made:
            self.made[form] = super().transformed(to, form)
        return self.made[form]


@dataclass(eq=False)
class Rectified(Op):
    """dz <- dy where y > 0, on plain cells."""

    def lower(self, to):
        y, dy = map(plain, self.reads)
        to.emit(activation.relu_grad, y, dy, plain(self.y), tasks=pointwise.tasks(self.y.shape))


@dataclass(eq=False)
class Clear(Op):
    """The planes of a cell <- 0."""

    def lower(self, to):
        to.framed.add(self.y)
        to.emit(pointwise.fill, self.y.buffer, 0.0, tasks=pointwise.tasks(self.y.buffer.shape))


def phases(size, window, stride, before):
    """(first plane of x, how many, first plane of dy, taps in the order of those) for each remainder of the depth."""
    for a in range(min(stride, size)):
        taps = [t for t in range(window) if (a + before - t) % stride == 0][::-1]
        yield a, -(-(size - a) // stride), (a + before - taps[0]) // stride if taps else 0, taps


@dataclass(eq=False)
class Volume:
    """One layer.  flat: its window without depth; kernel, stride, before: along depth."""

    planner: Any
    unit: Any
    window: Any
    flat: Any

    def __post_init__(self):
        w = self.window
        (self.kernel, *_), (self.stride, *_), (self.before, *_) = w.kernel, w.stride, w.before
        self.node, self.layer = self.unit.node, self.unit.layer
        self.w, *bias = self.planner.param_list(self.node)
        self.bias = bias[0] if bias else None
        self.weights = depth.Weights(self.w.data)

    def add(self, kind, reads, writes, *more, **options):
        self.planner.ops.append(kind(self.layer, reads, writes, *more, **options))

    def product(self, reads, writes, *more, **options):
        one = Image(self.layer, reads, writes, None, *more, **options)
        self.planner.ops.append(one.planned(self.planner))

    def two(self, memory, K, C):
        """Weights of the window without depth."""
        return memory.seen(K, C, *self.flat.kernel)

    def forward(self):
        value, output = self.unit.inputs[0], self.unit.output
        (N, C, _, *size), (_, K, D, *small) = value.shape, output.shape
        x = planed(self.planner, value, (self.before, self.window.after[0]))
        y = Cell((N * D, K, *small), BLOCKED, output.name)
        into, channels = self.weights.windows(), self.kernel * x.blocks * W
        self.add(depth.Arrange, [], [], self.weights, into)
        made: dict = {}
        self.seen = []
        act, w = Act(lo=0.0) if self.unit.relu else Act(), self.two(into, K, self.kernel * up(C))
        for n in range(N):
            self.seen.append(part(x, n * x.images // N, (D, channels, *size), self.stride))
            to = part(y, n * D, (D, K, *small))
            self.product([self.seen[n]], [to], act, None, self.flat, w=w, bias=self.bias, made=made)
        self.result = self.planner.give_plain(output)
        self.add(FromPlanes, [y], [self.result])

    def backward(self):
        planner, node, output = self.planner, self.node, self.unit.output
        if not planner.arrived(output) or not (node.wants[0] or any(node.learns)):
            return
        N, K, D, *small = output.shape
        gradient = planner.gradient(output, PLAIN)
        if self.unit.relu:
            dz = Cell(output.shape, PLAIN, f"{output.name}.diff masked")
            self.add(Rectified, [self.result, gradient], [dz])
            gradient = dz
        size = self.unit.inputs[0].shape[2]
        found = list(phases(size, self.kernel, self.stride, self.before)) if node.wants[0] else []
        above = max([0, *(-first for _, _, first, taps in found if taps)])
        below = max([0, *(first + len(taps) - 1 + count - D for _, count, first, taps in found if taps)])
        dy = Cell((N * (above + D + below), K, *small), BLOCKED, gradient.name)
        self.add(ToPlanes, [gradient], [dy], (above, below))
        if self.bias is not None and self.bias.diff is not None:
            self.add(Masked, [dy], [], self.bias.diff)
        if self.w.diff is not None:
            self.learn([part(dy, n * dy.images // N + above, (D, K, *small)) for n in range(N)])
        if found:
            self.data(dy, above, found)

    def learn(self, gradients):
        """gradients: the planes of each image's."""
        gradient = depth.Weights(self.w.diff)
        K, C, *_ = gradient.sizes
        sums = gradient.windows()
        dw = self.two(sums, K, self.kernel * up(C))
        pairs = zip(self.seen, gradients, strict=True)
        ops = [weights.Weights(self.layer, [*pair], [], self.flat, 1, dw, self.planner.exact) for pair in pairs]
        self.add(depth.Learn, [*self.seen, *gradients], [], gradient, sums, ops)

    def data(self, dy, above, found):
        value, flat = self.unit.inputs[0], self.flat
        (N, C, D, *size), K, small = value.shape, dy.shape[1], dy.shape[2:]
        dx = Cell((N * D, C, *size), BLOCKED, f"{value.name}.diff")
        if not all(taps for *_, taps in found):
            self.add(Clear, [], [dx])
        turned = tuple(d * (k - 1) - b for k, d, b in zip(flat.kernel, flat.dilation, flat.before, strict=True))
        round_ = spatial.Window(flat.kernel, (1, 1), turned, turned, flat.dilation)
        for a, count, first, taps in found:
            if not taps:
                continue
            into, channels = self.weights.taps(len(taps)), len(taps) * up(K)
            self.add(depth.Pull, [], [], self.weights, taps, into)
            made: dict = {}
            w = self.two(into, channels, C)
            for n in range(N):
                reads = part(dy, n * dy.images // N + above + first, (count, channels, *small))
                to = part(dx, n * D + a, (count, C, *size), self.stride)
                if flat.stride == (1, 1) and min(turned) >= 0:
                    self.product([reads], [to], Act(), None, round_, w=w, back=True, made=made)
                else:
                    self.add(Phases, [reads], [to], flat, 1, w)
        total = Cell(value.shape, PLAIN, dx.name)
        self.add(FromPlanes, [dx], [total])
        self.planner.contribute(value, total)


@builds("Convolution")
def volume(planner, unit):
    """Three spatial axes, one group whose channels fill half a vector at least, no holes along depth."""
    value = unit.inputs[0]
    if groups(unit, axes=3) != 1 or prod(unit.output.shape) == 0:
        return None
    window = spatial.window(unit.node.spec, value.shape[2:])
    over = flat(window, value.shape[1])
    if over is None:
        return None
    layer = Volume(planner, unit, window, over)
    layer.forward()
    return layer.backward
