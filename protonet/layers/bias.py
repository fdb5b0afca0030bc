"""Bias: y = x + b, b a parameter or a second bottom, spread over the axes that it does not have, as in Scale."""

from protonet.kernels import affine as kernels
from protonet.layers.base import Layer, Param, register
from protonet.layers.memory import pass_on
from protonet.layers.scale import covered, spread


@register("Bias", spec="bias_param")
class Bias(Layer):
    bottoms, in_place = (1, 2), True

    def params(self, x, *b):
        return [] if b else [Param("bias", covered(self.spec, x), self.spec.filler)]

    def infer(self, x, *b):
        if b:
            spread(self.spec, x, *b)
        return [x]

    def forward(self, emit, x, *rest):
        *bottom, y = rest
        (b,) = bottom or emit.params
        N, C, S = seen = spread(self.spec, x.shape, b.shape)
        emit(kernels.shift, x.seen(*seen), b, y.seen(*seen), tasks=kernels.rows(N, C, S))

    def backward(self, emit, y, x, *bottom):
        (b,) = bottom or emit.params
        N, C, S = spread(self.spec, x.shape, b.shape)
        if emit.wants(b):
            emit(
                kernels.shift_grad, y.diff.seen(N, C, S), b.diff, emit.scratch(C, dtype="float64"), not bottom, tasks=C
            )
        if emit.wants(x):
            pass_on(emit, y.diff, x.diff)
