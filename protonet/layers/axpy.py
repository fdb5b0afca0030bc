"""Axpy: y = a * x + z with one a for each plane: what squeeze and excitation blocks end with.

    bottoms   a (N, C) or (N, C, 1, 1), x (N, C, ...), z as x          arXiv:1709.01507

Fork: axpy_layer.cpp of hujie-frank/SENet.
"""

from math import prod

from protonet.errors import ShapeError
from protonet.kernels import affine, pointwise
from protonet.layers.base import Layer, register
from protonet.layers.memory import pass_on


@register("Axpy")
class Axpy(Layer):
    bottoms = 3

    def infer(self, a, x, z):
        if len(x) < 2 or z != x:
            raise ShapeError(f"expected x and z of one shape (N, C, ...), found {x} and {z}")
        if a[:2] != x[:2] or prod(a[2:]) != 1:
            raise ShapeError(f"expected one factor for each plane, shape {x[:2]}, found {a}")
        return [x]

    def sizes(self, x):
        planes = prod(x.shape[:2])
        return 1, planes, x.count // max(planes, 1)

    def forward(self, emit, a, x, z, y):
        sizes, tasks = self.sizes(x), pointwise.tasks(x.shape)
        for name, blob, other in ("a", a, x), ("x", x, a):
            if emit.wants(other):
                emit.save(name, blob)
        emit(affine.scale, x.seen(*sizes), a.seen(a.count), y.seen(*sizes), tasks=affine.rows(*sizes))
        emit(pointwise.accumulate, z, y, tasks=tasks)

    def backward(self, emit, y, a, x, z):
        sizes = self.sizes(x)
        dy, planes = y.diff.seen(*sizes), sizes[1]
        if emit.wants(a):
            sums, saved = emit.scratch(planes, dtype="float64"), emit.saved("x").seen(*sizes)
            emit(affine.scale_grad, saved, dy, a.diff.seen(planes), sums, 0, tasks=planes)
        if emit.wants(x):
            saved = emit.saved("a").seen(planes)
            emit(affine.scale, dy, saved, x.diff.seen(*sizes), tasks=affine.rows(*sizes))
        if emit.wants(z):
            pass_on(emit, y.diff, z.diff)
