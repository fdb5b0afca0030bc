"""StridedSlice: a part of each axis, from `begin` to before `end`, in steps of `strides`: TensorFlow's.

    begin_mask, end_mask     bit i: from the first, to the last
    shrink_axis_mask         bit i: the one at begin, and the axis goes
    new_axis_mask            bit i: an axis of 1 more
    ellipsis_mask            bit i: all of the axes that nothing is said about
    axes                     which axes are meant (ONNX); the masks are not read then

Fork: strided_slice_layer.cpp of Synopsys, which has no gradient.  A part in which nothing is is refused.
"""

from math import prod

import numpy as np

from protonet.errors import NetError, ShapeError
from protonet.layers.base import Layer, axis_of, register
from protonet.layers.strides import part, strides


@register("StridedSlice", spec="strided_slice_param")
class StridedSlice(Layer):
    no_gradient = (0,)

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        spec, n = self.spec, len(self.spec.begin)
        counts = {len(spec.end), len(spec.strides) or n, len(spec.axes) or n}
        if counts != {n} or 0 in spec.strides:
            raise NetError("begin, end, strides and axes are as many, and no stride is 0")
        if spec.ellipsis_mask & (spec.ellipsis_mask - 1):
            raise NetError(f"ellipsis_mask has one bit at most, found {spec.ellipsis_mask}")

    def asked(self, x):
        """What is asked for, as numpy writes it."""
        spec = self.spec
        steps = list(spec.strides) or [1] * len(spec.begin)
        slices = list(map(slice, spec.begin, spec.end, steps))
        if spec.axes:
            found = [slice(None)] * len(x)
            for axis, each in zip(spec.axes, slices, strict=True):
                found[axis_of(axis, x)] = each
            return tuple(found)
        index: list = []
        for i, each in enumerate(slices):
            if spec.ellipsis_mask >> i & 1:
                index.append(Ellipsis)
            elif spec.new_axis_mask >> i & 1:
                index.append(None)
            elif spec.shrink_axis_mask >> i & 1:
                index.append(each.start)
            else:
                first = None if spec.begin_mask >> i & 1 else each.start
                index.append(slice(first, None if spec.end_mask >> i & 1 else each.stop, each.step))
        return tuple(index)

    def read(self, x):
        """(start, sizes, steps) in x; numpy finds them, in an array that takes no memory."""
        whole = np.lib.stride_tricks.as_strided(np.zeros(1, np.int8), x, strides(x), writeable=False)
        try:
            asked = self.asked(x)
            found = whole[asked if Ellipsis in asked else (*asked, Ellipsis)]  # else a number is a copy
        except IndexError as error:
            raise ShapeError(f"begin {list(self.spec.begin)} and end {list(self.spec.end)} of {x}: {error}") from None
        if not prod(found.shape):
            raise ShapeError(f"nothing of {x} is between begin {list(self.spec.begin)} and end {list(self.spec.end)}")
        start = found.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
        return start, found.shape, found.strides

    def infer(self, x):
        return [tuple(self.read(x)[1])]

    def forward(self, emit, x, y):
        start, sizes, steps = self.read(x.shape)
        part(emit, x, y, start, sizes or (1,), steps or (1,))
