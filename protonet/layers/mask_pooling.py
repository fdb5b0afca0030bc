"""MaskPooling: y = x * mask, one mask (N, 1, H, W) for all channels of x (N, C, H, W).

arXiv:1412.1283; mask_pooling_layer.cu of daijifeng001/caffe-mnc.
"""

from math import prod

from protonet.errors import ShapeError
from protonet.kernels import eltwise, repeat
from protonet.kernels.pointwise import tasks
from protonet.layers.base import Layer, register


@register("MaskPooling")
class MaskPooling(Layer):
    bottoms = 2

    def infer(self, x, mask):
        if len(x) < 2 or mask[:1] != x[:1] or prod(mask[1:]) != prod(x[2:]) or mask[-1:] != x[-1:]:
            expected = (*x[:1], 1, *x[2:])
            raise ShapeError(f"expected a mask {expected}, as large as the maps {x}, found {mask}")
        return [x]

    def spread(self, emit, mask, x):
        """The mask for each channel."""
        N, C, S = x.shape[0], x.shape[1], prod(x.shape[2:])
        found, (group, n) = emit.scratch(N, C, S), repeat.cut(N, C, S)
        emit(repeat.repeat, mask.seen(N, S), found, group, tasks=n)
        return found

    def forward(self, emit, x, mask, y):
        for name, blob, other in ("x", x, mask), ("mask", mask, x):
            if emit.wants(other):
                emit.save(name, blob)
        spread = self.spread(emit, mask, x).seen(x.count)
        emit(eltwise.multiply, x.seen(x.count), spread, y.seen(x.count), tasks=tasks(x.shape))

    def backward(self, emit, y, x, mask):
        if emit.wants(x):
            spread = self.spread(emit, emit.saved("mask"), x).seen(x.count)
            emit(eltwise.multiply, y.diff.seen(x.count), spread, x.diff.seen(x.count), tasks=tasks(x.shape))
        if emit.wants(mask):
            N, C, S = x.shape[0], x.shape[1], prod(x.shape[2:])
            parts, (group, n) = emit.scratch(N, C, S), repeat.cut(N, C, S)
            known = y.diff.seen(x.count), emit.saved("x").seen(x.count), parts.seen(x.count)
            emit(eltwise.multiply, *known, tasks=tasks(x.shape))
            emit(repeat.repeat_grad, parts, mask.diff.seen(N, S), group, tasks=n)
