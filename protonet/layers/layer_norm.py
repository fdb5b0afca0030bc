"""LayerNorm: each image made of mean 0 and variance 1, over all that it has; then scaled and shifted, number by number.

    eps                   is added to the variance
    elementwise_affine    whether there are a scale and a shift, of the shape of an image; they begin as 1 and 0

arXiv:1607.06450.  Fork: layer_norm_layer.cpp of Synopsys, which has no gradient; here it is that of the formula.  The
surprise: PyTorch and ONNX are told which of the last axes count; here it is all but the first.
"""

from math import prod

from protonet.errors import ShapeError
from protonet.kernels import layer_norm as kernels
from protonet.layers.base import Layer, Param, register


@register("LayerNorm", spec="layer_norm_param")
class LayerNorm(Layer):
    def params(self, x):
        return [Param("scale", x[1:], 1.0), Param("shift", x[1:], 0.0)] if self.spec.elementwise_affine else []

    def infer(self, x):
        if len(x) < 2 or not prod(x[1:]):
            raise ShapeError(f"expected images (N, ...) of at least one number, found {x}")
        return [x]

    def affine(self, emit, x):
        """(scale, shift, 1), or what is not read, and 0."""
        return (*emit.params, 1) if emit.params else (emit.scratch(1), emit.scratch(1), 0)

    def forward(self, emit, x, y):
        N, A = x.shape[0], prod(x.shape[1:])
        if emit.wants(x) or any(map(emit.wants, emit.params)):
            emit.save("x", x)
        scale, shift, affine = self.affine(emit, x)
        known = emit.keep("mean", N), emit.keep("rate", N), self.spec.eps, affine
        seen = (scale.seen(A), shift.seen(A)) if affine else (scale, shift)
        emit(kernels.layer_norm, x.seen(N, A), *seen, y.seen(N, A), *known, tasks=N)

    def backward(self, emit, y, x):
        N, A = x.shape[0], prod(x.shape[1:])
        scale, shift, affine = self.affine(emit, x)
        dy, known = y.diff.seen(N, A), (emit.saved("mean"), emit.saved("rate"))
        if affine and (emit.wants(scale) or emit.wants(shift)):
            grads = [(b.diff if emit.wants(b) else emit.scratch(A)).seen(A) for b in (scale, shift)]
            emit(kernels.affine_grad, emit.saved("x").seen(N, A), dy, *known, *grads, tasks=kernels.columns(A))
        if emit.wants(x):
            factor = scale.seen(A) if affine else scale
            emit(
                kernels.layer_norm_grad,
                emit.saved("x").seen(N, A),
                factor,
                dy,
                *known,
                x.diff.seen(N, A),
                affine,
                tasks=N,
            )
