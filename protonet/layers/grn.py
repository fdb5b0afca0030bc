"""GRN: each place divided by its length over the channels: y = x / sqrt(bias + the sum of squares), for (N, C, ...).

Fork: grn_layer.cpp of Intel's training_toolbox_caffe.  The surprise: `bias` is 1 unless told otherwise.
"""

from protonet.errors import NetError, ShapeError
from protonet.kernels import grn as kernels
from protonet.kernels import length
from protonet.layers.base import Layer, register
from protonet.layers.memory import three


@register("GRN", spec="grn_param")
class GRN(Layer):
    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        if not self.spec.bias >= 0:
            raise NetError(f"bias is at least 0, found {self.spec.bias:g}")

    def infer(self, x):
        if len(x) < 2:
            raise ShapeError(f"expected (N, C, ...), found {x}")
        return [x]

    def forward(self, emit, x, y):
        N, C, S = three(x.shape, 1)
        if emit.wants(x):
            emit.save("x", x)
        norm, seen, tasks = emit.keep("norm", N, S), x.seen(N, C, S), length.tasks(N, S)
        emit(length.length, seen, norm, self.spec.bias, tasks=tasks)
        emit(kernels.divided, seen, norm, y.seen(N, C, S), tasks=tasks)

    def backward(self, emit, y, x):
        N, C, S = three(x.shape, 1)
        if emit.wants(x):
            known = emit.saved("x").seen(N, C, S), emit.saved("norm"), y.diff.seen(N, C, S)
            emit(kernels.divided_grad, *known, x.diff.seen(N, C, S), emit.scratch(N, S), tasks=length.tasks(N, S))
