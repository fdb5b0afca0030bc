"""Slice: parts of the bottom along `axis`: equal ones, or cut at each slice_point.  slice_dim: axis, of old."""

from itertools import pairwise

from protonet.errors import NetError, ShapeError
from protonet.kernels import block as kernels
from protonet.kernels import pointwise
from protonet.layers.base import Layer, axis_of, register
from protonet.layers.memory import three


@register("Slice", spec="slice_param")
class Slice(Layer):
    tops = (1, None)

    def axis(self, shape):
        if self.spec.HasField("slice_dim"):
            if self.spec.HasField("axis"):
                raise NetError("axis and slice_dim are one thing: give one of them")
            return axis_of(self.spec.slice_dim, shape, "slice_dim")
        return axis_of(self.spec.axis, shape)

    def infer(self, x):
        axis, tops, points = self.axis(x), len(self.param.top), list(self.spec.slice_point)
        if not points:
            if x[axis] % tops:
                raise ShapeError(f"axis {axis} of shape {x} cannot be cut into {tops} equal parts: give slice_point")
            points = [x[axis] // tops * i for i in range(1, tops)]
        if len(points) != tops - 1:
            raise ShapeError(f"slice_point is given once between tops: {tops - 1} for {tops} tops, found {len(points)}")
        ends = [0, *points, x[axis]]
        if any(a >= b for a, b in pairwise(ends)) and tops > 1:
            raise ShapeError(f"slice_point must rise from above 0 to below {x[axis]}, found {points}")
        return [(*x[:axis], b - a, *x[axis + 1 :]) for a, b in pairwise(ends)]

    def parts(self, x, ys):
        """Each y with its rows (outer, elements) and where they start in the rows of x."""
        axis, start = self.axis(x.shape), 0
        for y in ys:
            O, A = three(y.shape, axis, len(y.shape))[:2]
            yield y, (O, A), start
            start += A

    def forward(self, emit, x, *ys):
        for y, (O, A), start in self.parts(x, ys):
            emit(kernels.take, x.seen(O, x.count // max(1, O)), y.seen(O, A), start, tasks=kernels.tasks(O, A))

    def backward(self, emit, *blobs):
        *ys, x = blobs
        if not emit.wants(x):
            return
        if any(y.diff is None for y in ys):
            emit(pointwise.fill, x.diff, 0.0, tasks=pointwise.tasks(x.shape))
        for y, (O, A), start in self.parts(x, ys):
            if y.diff is not None:
                emit(
                    kernels.put,
                    y.diff.seen(O, A),
                    x.diff.seen(O, x.count // max(1, O)),
                    start,
                    tasks=kernels.tasks(O, A),
                )
