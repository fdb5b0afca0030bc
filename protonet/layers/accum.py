"""Accum: maps of several sizes brought to one, and put one behind the other along the channels.

    have_reference                 the last bottom gives the size, and no channels
    top_height, top_width          the size, if both are larger than the largest bottom's; else the largest is taken
    size_divisible_by              the same, with the largest bottom's size rounded up to a multiple

Read bilinearly, first and last pixels aligned.  Fork: accum_layer.cpp of lmb-freiburg/flownet2.
"""

from math import ceil

from protonet.errors import ShapeError
from protonet.kernels import bilinear
from protonet.kernels import block as kernels
from protonet.layers.base import Layer, register
from protonet.layers.interpolate import Reading, maps, places


@register("Accum", spec="accum_param")
class Accum(Layer):
    bottoms = (1, None)

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        if self.spec.have_reference:
            self.constant = (len(param.bottom) - 1,)

    def parts(self, *xs):
        """The bottoms that are put one behind the other."""
        return xs[:-1] if self.spec.have_reference else xs

    def size(self, *shapes):
        if self.spec.have_reference:
            return tuple(shapes[-1][2:])
        largest = max(x[2] for x in shapes), max(x[3] for x in shapes)
        size = self.spec.top_height, self.spec.top_width
        if self.spec.HasField("size_divisible_by"):
            by = max(1, self.spec.size_divisible_by)
            size = ceil(largest[0] / by) * by, ceil(largest[1] / by) * by
        return size if size[0] > largest[0] and size[1] > largest[1] else largest

    def infer(self, *shapes):
        parts = self.parts(*shapes)
        if not parts:
            raise ShapeError("have_reference takes the size from the last bottom: there must be another before it")
        for i, x in enumerate(shapes):
            if len(x) != 4 or x[0] != shapes[0][0]:
                raise ShapeError(f"expected maps (N, C, H, W) of as many images: bottom 0 has {shapes[0]}, {i} has {x}")
            if i < len(parts) and min(x[2:]) < 1:
                raise ShapeError(f"expected maps to read from, found bottom {i} of shape {x}, which has no pixels")
        return [(shapes[0][0], sum(x[1] for x in parts), *self.size(*shapes))]

    def rows(self, xs, y):
        """Each x, where it starts in an image of y, its numbers of an image there, and where it is read."""
        start, area = 0, y.shape[2] * y.shape[3]
        for x in self.parts(*xs):
            yield x, start, x.shape[1] * area, Reading.cornered(x.shape[2:], y.shape[2:])
            start += x.shape[1] * area

    def forward(self, emit, *blobs):
        *xs, y = blobs
        N, total = y.shape[0], y.count // max(1, y.shape[0])
        for x, start, A, reading in self.rows(xs, y):
            (R, H, W), (P, Q) = maps(x.shape), y.shape[2:]
            h_low, h_share, _ = places(emit, H, P, reading.ah, 0, True)
            w_low, w_share, _ = places(emit, W, Q, reading.aw, 0, True)
            found, known = emit.scratch(R, P, Q), (x.seen(R, H, W), h_low, h_share, w_low, w_share)
            emit(bilinear.bilinear, *known, found, emit.scratch(R, W + 1), tasks=R)
            emit(kernels.put, found.seen(N, A), y.seen(N, total), start, tasks=kernels.tasks(N, A))

    def backward(self, emit, y, *xs):
        N, total = y.shape[0], y.count // max(1, y.shape[0])
        for x, start, A, reading in self.rows(xs, y):
            if emit.wants(x):
                (R, H, W), (P, Q) = maps(x.shape), y.shape[2:]
                found = emit.scratch(R, P, Q)
                emit(kernels.take, y.diff.seen(N, total), found.seen(N, A), start, tasks=kernels.tasks(N, A))
                _, h_share, h_first = places(emit, H, P, reading.ah, 0, True)
                known = found, h_share, h_first, *places(emit, W, Q, reading.aw, 0, True)
                emit(bilinear.bilinear_grad, *known, x.diff.seen(R, H, W), emit.scratch(R, 2, Q), tasks=R)
