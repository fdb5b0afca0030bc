"""Concat: bottoms one behind the other along `axis`.  `concat_dim` is the old name of axis."""

from protonet.errors import NetError, ShapeError
from protonet.kernels import block as kernels
from protonet.layers.base import Layer, axis_of, register
from protonet.layers.memory import three


@register("Concat", spec="concat_param")
class Concat(Layer):
    bottoms = (1, None)

    def axis(self, shape):
        if self.spec.HasField("concat_dim"):
            if self.spec.HasField("axis"):
                raise NetError("axis and concat_dim are one thing: give one of them")
            return axis_of(self.spec.concat_dim, shape, "concat_dim")
        return axis_of(self.spec.axis, shape)

    def infer(self, *shapes):
        first, axis = shapes[0], self.axis(shapes[0])
        for i, shape in enumerate(shapes):
            if len(shape) != len(first) or any(
                a != b for k, (a, b) in enumerate(zip(shape, first, strict=True)) if k != axis
            ):
                raise ShapeError(
                    f"the bottoms may differ along axis {axis} only: bottom 0 has {first}, bottom {i} has {shape}"
                )
        return [(*first[:axis], sum(shape[axis] for shape in shapes), *first[axis + 1 :])]

    def parts(self, xs, y):
        """Each x with its rows (outer, elements) and where they start in the rows of y."""
        axis, start = self.axis(y.shape), 0
        for x in xs:
            O, A = three(x.shape, axis, len(x.shape))[:2]
            yield x, (O, A), start
            start += A

    def forward(self, emit, *blobs):
        *xs, y = blobs
        for x, (O, A), start in self.parts(xs, y):
            emit(kernels.put, x.seen(O, A), y.seen(O, y.count // max(1, O)), start, tasks=kernels.tasks(O, A))

    def backward(self, emit, y, *xs):
        for x, (O, A), start in self.parts(xs, y):
            if emit.wants(x):
                emit(
                    kernels.take,
                    y.diff.seen(O, y.count // max(1, O)),
                    x.diff.seen(O, A),
                    start,
                    tasks=kernels.tasks(O, A),
                )
