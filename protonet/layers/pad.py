"""Pad: a frame of pad_value around each map: pad_u rows above, pad_d below, pad_l columns left, pad_r right (forks)."""

from protonet.errors import ShapeError
from protonet.kernels import pointwise
from protonet.kernels import strided as kernels
from protonet.layers.base import Layer, register
from protonet.layers.strides import strides


@register("Pad", spec="pad_param")
class Pad(Layer):
    refused = "paddings", "constant_values"

    def infer(self, x):
        if len(x) != 4:
            raise ShapeError(f"expected (N, C, H, W), found {x}")
        N, C, H, W = x
        return [(N, C, H + self.spec.pad_u + self.spec.pad_d, W + self.spec.pad_l + self.spec.pad_r)]

    def inside(self, x, y):
        """Where x lies in y: start, sizes and strides; and the number of tasks."""
        steps = strides(y.shape)
        sizes, joined = kernels.full(x.shape, steps)
        return (self.spec.pad_u * steps[2] + self.spec.pad_l, *sizes, *joined), kernels.tasks(sizes)

    def forward(self, emit, x, y):
        numbers, tasks = self.inside(x, y)
        emit(pointwise.fill, y, self.spec.pad_value, tasks=pointwise.tasks(y.shape))
        emit(kernels.scatter, x, y, *numbers, tasks=tasks)

    def backward(self, emit, y, x):
        if emit.wants(x):
            numbers, tasks = self.inside(x, y)
            emit(kernels.gather, y.diff, x.diff, *numbers, tasks=tasks)
