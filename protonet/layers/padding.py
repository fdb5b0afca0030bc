"""Padding: pad_beg rows and columns of zeros before each map, pad_end behind; negative ones cut so many off.

Fork: padding_layer.cpp of DeepLab, where it brings a map and its labels to one size.
"""

from protonet.errors import ShapeError
from protonet.kernels import pointwise
from protonet.kernels import strided as kernels
from protonet.layers.base import Layer, register
from protonet.layers.strides import strides


@register("Padding", spec="padding_param")
class Padding(Layer):
    def infer(self, x):
        if len(x) != 4:
            raise ShapeError(f"expected (N, C, H, W), found {x}")
        more = self.spec.pad_beg + self.spec.pad_end
        y = (*x[:2], x[2] + more, x[3] + more)
        if min(y[2:]) < 1 or min(self.common(x)[2:]) < 1:
            raise ShapeError(f"pad_beg {self.spec.pad_beg} and pad_end {self.spec.pad_end} leave nothing of {x}")
        return [y]

    def common(self, x):
        """The shape of what both maps have."""
        cut = sum(min(pad, 0) for pad in (self.spec.pad_beg, self.spec.pad_end))
        return (*x[:2], x[2] + cut, x[3] + cut)

    def through(self, emit, a, b, common, beg):
        """b <- a, padded or cut by beg in front; common: the shape of what both have."""
        part = emit.scratch(*common)
        emit(pointwise.fill, b, 0.0, tasks=pointwise.tasks(b.shape))
        for kernel, pair, start, whole in (
            (kernels.gather, (a, part), max(-beg, 0), a.shape),
            (kernels.scatter, (part, b), max(beg, 0), b.shape),
        ):
            steps = strides(whole)
            sizes, joined = kernels.full(common, steps)
            emit(kernel, *pair, start * (steps[2] + steps[3]), *sizes, *joined, tasks=kernels.tasks(sizes))

    def forward(self, emit, x, y):
        self.through(emit, x, y, self.common(x.shape), self.spec.pad_beg)

    def backward(self, emit, y, x):
        if emit.wants(x):
            self.through(emit, y.diff, x.diff, self.common(x.shape), -self.spec.pad_beg)
