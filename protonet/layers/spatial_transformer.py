"""SpatialTransformer: maps (N, C, H, W) read bilinearly at places that theta (N, 6) says: 2 x 3 times (row, column, 1).

    output_H, output_W         the size of the top, else that of the bottom
    theta_1_1 .. theta_2_3     numbers of theta that are fixed; the second bottom has the others, in their order
    to_compute_dU: false       the maps receive no gradient

arXiv:1506.02025.  Fork: st_layer.cpp of daerduoCarey/SpatialTransformerLayer.  The surprises: theta's first row is for
rows, not for columns; and row i of n lies at 2 i / n - 1, so that 1 is one beyond the last.
"""

from math import prod

from protonet.errors import NetError, ShapeError
from protonet.kernels import transformer as kernels
from protonet.layers.base import Layer, register

FIXED = "theta_1_1", "theta_1_2", "theta_1_3", "theta_2_1", "theta_2_2", "theta_2_3"


@register("SpatialTransformer", spec="st_param")
class SpatialTransformer(Layer):
    bottoms, refused = 2, ("de_transform",)

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        said = self.spec.transform_type, self.spec.sampler_type
        if said != ("affine", "bilinear"):
            raise NetError(f"transform_type is 'affine' and sampler_type 'bilinear': found '{said[0]}' and '{said[1]}'")
        if not self.spec.to_compute_dU:
            self.constant = (0,)

    def infer(self, x, theta):
        free = 6 - sum(map(self.spec.HasField, FIXED))
        if len(x) != 4:
            raise ShapeError(f"expected maps (N, C, H, W), found {x}")
        if not theta or theta[0] != x[0] or prod(theta[1:]) != free:
            raise ShapeError(f"expected theta of shape {(x[0], free)}, as {6 - free} of 6 are fixed: found {theta}")
        spec = self.spec
        size = [
            spec.output_H if spec.HasField("output_H") else x[2],
            spec.output_W if spec.HasField("output_W") else x[3],
        ]
        if min(size) < 1:
            raise ShapeError(f"output_H and output_W must be at least 1, found {size[0]} and {size[1]}")
        return [(*x[:2], *size)]

    def emit_theta(self, emit, theta):
        """(which numbers are fixed, all of them by image)."""
        fixed, given = emit.scratch(6), emit.keep("given", 6, dtype="int64")
        for i, name in enumerate(FIXED):
            emit(kernels.constants, fixed, given, i, getattr(self.spec, name), int(self.spec.HasField(name)))
        full = emit.keep("theta", theta.shape[0], 2, 3)
        emit(kernels.complete, theta, fixed, given, full)
        return full

    def forward(self, emit, x, theta, y):
        if emit.wants(theta):
            emit.save("x", x)
        full = self.emit_theta(emit, theta)
        emit(kernels.read, x, full, y, tasks=x.shape[0] * y.shape[2])

    def backward(self, emit, y, x, theta):
        if emit.wants(x):
            (N, C, H, W), (P, Q) = x.shape, y.shape[2:]
            at, share = emit.scratch(N, P * Q, 4, dtype="int64"), emit.scratch(N, P * Q, 4)
            emit(kernels.spots, emit.saved("theta"), at.seen(N, P, Q, 4), share.seen(N, P, Q, 4), H, W, tasks=N * P)
            emit(kernels.read_grad, y.diff.seen(N, C, P * Q), at, share, x.diff.seen(N, C, H * W), tasks=N * C)
        if emit.wants(theta):
            known = emit.saved("x"), emit.saved("theta"), y.diff, emit.saved("given")
            emit(kernels.theta_grad, *known, theta.diff, tasks=x.shape[0])
