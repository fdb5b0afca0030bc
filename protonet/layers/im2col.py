"""Im2col: the windows of a Convolution as rows: (N, C, ...) becomes (N, C * taps, number of windows along each axis).

Its parameters are those of a Convolution; num_output and the weights have no meaning here.
"""

from math import prod

from protonet.errors import ShapeError
from protonet.kernels import windows as kernels
from protonet.layers.base import Layer, axis_of, register
from protonet.layers.spatial import window

AXES = 3


@register("Im2col", spec="convolution_param")
class Im2col(Layer):
    def sizes(self, x):
        """x's shape as (images, channels, sizes of its maps)."""
        axis = axis_of(self.spec.axis, x)
        if not 1 <= len(x) - axis - 1 <= AXES:
            raise ShapeError(f"expected 1 to {AXES} spatial axes after axis {axis}, found shape {x}")
        return prod(x[:axis]), x[axis], x[axis + 1 :]

    def infer(self, x):
        _, C, maps = self.sizes(x)
        found = window(self.spec, maps)
        return [(*x[: axis_of(self.spec.axis, x)], C * prod(found.kernel), *found.outputs(maps))]

    def numbers(self, x):
        """What the kernels are told: x as six axes, y as four, and the window, on three spatial axes."""
        N, C, maps = self.sizes(x)
        found = window(self.spec, maps)
        out = found.outputs(maps)
        ones = (1,) * (AXES - len(maps))
        zeros = (0,) * (AXES - len(maps))
        shape = (*ones, *found.kernel, *ones, *found.stride, *zeros, *found.before, *ones, *found.dilation)
        whole = ones + tuple(out)
        return (N, C, *ones, *maps), (N, C, prod(found.kernel), prod(out)), (*shape, whole[1], whole[2])

    def forward(self, emit, x, y):
        whole, rows, numbers = self.numbers(x.shape)
        emit(kernels.unroll, x.seen(*whole), y.seen(*rows), *numbers, tasks=whole[0] * whole[1])

    def backward(self, emit, y, x):
        whole, rows, numbers = self.numbers(x.shape)
        if emit.wants(x):
            emit(kernels.unroll_grad, y.diff.seen(*rows), x.diff.seen(*whole), *numbers, tasks=whole[0] * whole[1])
