"""Mul: the product of two bottoms; one may have a single number where the other has its last axes, as (N, C, 1, 1).

Fork: mul_layer.cpp of Synopsys, which spreads any axis of size 1; here those behind all the others, as nets use it.
"""

from math import prod

from protonet.errors import ShapeError
from protonet.kernels import affine
from protonet.layers.base import Layer, register


@register("Mul")
class Mul(Layer):
    bottoms = 2

    def sizes(self, a, b):
        """(1, P, S) of the larger of two shapes, of which the smaller has P numbers."""
        large, small = (a, b) if prod(a) >= prod(b) else (b, a)
        padded = (*small, *[1] * (len(large) - len(small)))
        same = next((i for i, (n, m) in enumerate(zip(large, padded, strict=False)) if n != m), len(large))
        if len(padded) != len(large) or prod(padded[same:]) != 1:
            raise ShapeError(f"cannot spread {small} over {large}: axes of size 1 must follow all the others")
        return large, (1, prod(large[:same]), prod(large[same:]))

    def infer(self, a, b):
        return [self.sizes(a, b)[0]]

    def order(self, a, b):
        """(larger, smaller) of two blobs."""
        return (a, b) if a.count >= b.count else (b, a)

    def forward(self, emit, a, b, y):
        _, sizes = self.sizes(a.shape, b.shape)
        large, small = self.order(a, b)
        for name, blob, other in ("large", large, small), ("small", small, large):
            if emit.wants(other):
                emit.save(name, blob)
        emit(affine.scale, large.seen(*sizes), small.seen(sizes[1]), y.seen(*sizes), tasks=affine.rows(*sizes))

    def backward(self, emit, y, a, b):
        _, sizes = self.sizes(a.shape, b.shape)
        (large, small), dy, planes = self.order(a, b), y.diff.seen(*sizes), sizes[1]
        if emit.wants(large):
            saved = emit.saved("small").seen(planes)
            emit(affine.scale, dy, saved, large.diff.seen(*sizes), tasks=affine.rows(*sizes))
        if emit.wants(small):
            sums, saved = emit.scratch(planes, dtype="float64"), emit.saved("large").seen(*sizes)
            emit(affine.scale_grad, saved, dy, small.diff.seen(planes), sums, 0, tasks=planes)
