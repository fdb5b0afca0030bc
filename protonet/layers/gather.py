"""Gather: those along `axis` that `indices` name, in that order; `shape` says how they lie, [0] being a single one.

Fork: gather_layer.cpp of Synopsys, which has no gradient.
"""

from math import prod

import numpy as np

from protonet.errors import NetError, ShapeError
from protonet.kernels import levels as kernels
from protonet.layers.base import Layer, axis_of, register
from protonet.layers.memory import three
from protonet.runtime.step import Buffer


@register("Gather", spec="gather_param")
class Gather(Layer):
    no_gradient = (0,)

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        self.lies = () if list(self.spec.shape) == [0] else tuple(self.spec.shape)
        if prod(self.lies) != len(self.spec.indices) or not self.spec.indices:
            raise NetError(f"shape {list(self.spec.shape)} is not that of {len(self.spec.indices)} indices")

    def infer(self, x):
        axis = axis_of(self.spec.axis, x)
        for i in self.spec.indices:
            if not 0 <= i < x[axis]:
                raise ShapeError(f"index {i} is outside 0 to {x[axis] - 1}, along axis {axis} of {x}")
        return [(*x[:axis], *self.lies, *x[axis + 1 :])]

    def forward(self, emit, x, y):
        O, A, S = three(x.shape, axis_of(self.spec.axis, x.shape))
        named = np.array(self.spec.indices, np.int64)
        which = Buffer(named.shape, "own", f"{self.name} indices", "int64", memory=named)
        emit(kernels.pick_rows, x.seen(O, A, S), which, y.seen(O, len(named), S), tasks=O)
