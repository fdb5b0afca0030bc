"""ChannelNorm: the length of what lies at each place, (N, 1, H, W): the root of the sum of squares over channels.

FlowNet2's measure of an error of brightness.  Fork: channel_norm_layer.cu of lmb-freiburg/flownet2, which adds 1e-9 to
the length that its gradient divides by.
"""

from protonet.errors import ShapeError
from protonet.kernels import length as kernels
from protonet.layers.base import Layer, register
from protonet.layers.memory import three

TINY = 1e-9


@register("ChannelNorm")
class ChannelNorm(Layer):
    def infer(self, x):
        if len(x) != 4:
            raise ShapeError(f"expected (N, C, H, W), found {x}")
        return [(x[0], 1, *x[2:])]

    def forward(self, emit, x, y):
        N, C, S = three(x.shape, 1)
        if emit.wants(x):
            emit.save("x", x)
        emit(kernels.length, x.seen(N, C, S), y.seen(N, S), 0.0, tasks=kernels.tasks(N, S))
        if emit.wants(x):
            emit.save("y", y)

    def backward(self, emit, y, x):
        N, C, S = three(x.shape, 1)
        if emit.wants(x):
            known = emit.saved("x").seen(N, C, S), emit.saved("y").seen(N, S), y.diff.seen(N, S)
            emit(kernels.length_grad, *known, x.diff.seen(N, C, S), TINY, tasks=kernels.tasks(N, S))
