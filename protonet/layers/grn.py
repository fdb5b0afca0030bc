"""GRN: each place divided by its length over the channels: y = x / sqrt(bias + the sum of squares), for (N, C, ...).

Fork: grn_layer.cpp of Intel's training_toolbox_caffe.  The surprise: `bias` is 1 unless told otherwise.
"""

from protonet.errors import NetError, ShapeError
from protonet.kernels import flow
from protonet.kernels import grn as kernels
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
        norm = emit.keep("norm", N, S)
        emit(kernels.grn, x.seen(N, C, S), y.seen(N, C, S), norm, self.spec.bias, tasks=flow.tasks(N, S))

    def backward(self, emit, y, x):
        N, C, S = three(x.shape, 1)
        if emit.wants(x):
            known = emit.saved("x").seen(N, C, S), emit.saved("norm"), y.diff.seen(N, C, S)
            emit(kernels.grn_grad, *known, x.diff.seen(N, C, S), emit.scratch(N, S), tasks=flow.tasks(N, S))
