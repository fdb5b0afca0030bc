"""MaxUnPool: numbers put back where a max pooling found them, in maps of dst_h x dst_w; elsewhere 0.          (forks)

bottoms: x and the pooling's second top, places counted along rows.
"""

from protonet.errors import NetError, ShapeError
from protonet.layers.base import Layer, register
from protonet.layers.unpooling import emit_unpool, emit_unpool_grad


@register("MaxUnPool", spec="max_unpool_param")
class MaxUnPool(Layer):
    bottoms, constant = 2, (1,)

    def infer(self, x, mask):
        if min(self.spec.dst_h, self.spec.dst_w) < 1:
            raise NetError("max_unpool_param needs dst_h and dst_w, the size of the maps")
        if len(x) != 4 or x != mask:
            raise ShapeError(f"expected x and its mask (N, C, H, W), found {x} and {mask}")
        return [(*x[:2], self.spec.dst_h, self.spec.dst_w)]

    def forward(self, emit, x, mask, y):
        emit_unpool(emit, x, mask, y)

    def backward(self, emit, y, x, mask):
        if emit.wants(x):
            emit_unpool_grad(emit, y, x, mask)
