"""Softmax: y = exp(x) / sum of exp(x) along `axis`."""

from protonet.kernels import softmax as kernels
from protonet.layers.base import Layer, axis_of, register
from protonet.layers.memory import three


@register("Softmax", spec="softmax_param")
class Softmax(Layer):
    in_place = True

    def infer(self, x):
        axis_of(self.spec.axis, x)
        return [x]

    def forward(self, emit, x, y):
        O, C, S = three(x.shape, axis_of(self.spec.axis, x.shape))
        emit(kernels.softmax, x.seen(O, C, S), y.seen(O, C, S), emit.scratch(O, S), tasks=kernels.tasks(O, S))
        emit.save("y", y)

    def backward(self, emit, y, x):
        O, _, S = seen = three(x.shape, axis_of(self.spec.axis, x.shape))
        if emit.wants(x):
            work, saved = emit.scratch(O, S), emit.saved("y").seen(*seen)
            emit(kernels.softmax_grad, saved, y.diff.seen(*seen), x.diff.seen(*seen), work, tasks=kernels.tasks(O, S))
