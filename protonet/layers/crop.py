"""Crop: the part of bottom 0 that has the size of bottom 1, along `axis` and all that follow.

offset says where it begins, once, or once for each of those axes.  What bottom 1 holds does not matter.
"""

from protonet.errors import ShapeError
from protonet.kernels import pointwise
from protonet.kernels import strided as kernels
from protonet.layers.base import Layer, axis_of, register
from protonet.layers.strides import part, strides


@register("Crop", spec="crop_param")
class Crop(Layer):
    bottoms, refused = 2, ("dimsize",)

    def offsets(self, x):
        """Where the crop begins along each axis."""
        axis, given = axis_of(self.spec.axis, x), list(self.spec.offset)
        n = len(x) - axis
        if len(given) not in (0, 1, n):
            raise ShapeError(f"offset is given once, or once for each of the {n} cropped axes; found {len(given)}")
        return [0] * axis + (given * n if len(given) == 1 else given or [0] * n)

    def infer(self, x, like):
        axis, offsets = axis_of(self.spec.axis, x), self.offsets(x)
        if len(like) != len(x):
            raise ShapeError(f"the bottoms must have as many axes: bottom 0 has shape {x}, bottom 1 {like}")
        for i in range(axis, len(x)):
            if offsets[i] + like[i] > x[i]:
                raise ShapeError(
                    f"a crop of {like[i]} from {offsets[i]} on does not fit axis {i} of size {x[i]}: "
                    f"bottom 0 has shape {x}, bottom 1 {like}"
                )
        return [(*x[:axis], *like[axis:])]

    def start(self, x):
        """How far into x it begins, and the strides of x."""
        steps = strides(x.shape)
        return sum(o * s for o, s in zip(self.offsets(x.shape), steps, strict=True)), steps

    def forward(self, emit, x, like, y):
        start, steps = self.start(x)
        part(emit, x, y, start, y.shape, steps)

    def backward(self, emit, y, x, like):
        for blob in filter(emit.wants, (x, like)):
            emit(pointwise.fill, blob.diff, 0.0, tasks=pointwise.tasks(blob.shape))
        if emit.wants(x):
            start, steps = self.start(x)
            sizes, steps = kernels.full(y.shape, steps)
            group, tasks = kernels.cut(sizes)
            emit(kernels.scatter, y.diff, x.diff, start, group, *sizes, *steps, tasks=tasks)
