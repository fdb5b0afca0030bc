"""LRN: local response normalisation, y = x / (k + a * sum of x ** 2 around) ** beta.

ACROSS_CHANNELS sums over local_size channels, with a = alpha / local_size; WITHIN_CHANNEL over local_size x local_size
positions of one map, with a = alpha / local_size ** 2.          Krizhevsky et al. 2012

The surprise: within a channel k is always 1, as in Caffe.
"""

from protonet.errors import NetError, ShapeError
from protonet.kernels import lrn as kernels
from protonet.layers.base import Layer, register

WITHIN_CHANNEL = 1


@register("LRN", spec="lrn_param")
class LRN(Layer):
    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        if self.spec.local_size % 2 == 0:
            raise NetError(f"local_size is odd, so that there is a middle, found {self.spec.local_size}")

    @property
    def within(self):
        return self.spec.norm_region == WITHIN_CHANNEL

    def infer(self, x):
        if len(x) != 4:
            raise ShapeError(f"expected (N, C, H, W), found {x}")
        return [x]

    def seen(self, shape):
        """The shape that kernels see, and the number of tasks."""
        N, C, H, W = shape
        if self.within:
            return (N * C, H, W), N * C
        return (N, C, H * W), kernels.tasks(N, H * W)

    @property
    def rate(self):
        return self.spec.alpha / self.spec.local_size ** (2 if self.within else 1)

    def size(self, shape):
        """local_size, but no larger than reaches over everything: what is outside counts as 0."""
        return min(self.spec.local_size, 2 * max(shape[1:]) + 1)

    def forward(self, emit, x, y):
        seen, tasks = self.seen(x.shape)
        scale = emit.keep("scale", *seen)
        if emit.wants(x):
            emit.save("x", x)
        numbers = self.size(x.shape), self.rate, 1.0 if self.within else self.spec.k, self.spec.beta
        kernel = kernels.within if self.within else kernels.across
        emit(kernel, x.seen(*seen), y.seen(*seen), scale, *numbers, tasks=tasks)
        if emit.wants(x):
            emit.save("y", y)

    def backward(self, emit, y, x):
        seen, tasks = self.seen(x.shape)
        if not emit.wants(x):
            return
        saved = emit.saved("x").seen(*seen), emit.saved("y").seen(*seen), emit.saved("scale")
        numbers = self.size(x.shape), self.rate, self.spec.beta
        kernel = kernels.within_grad if self.within else kernels.across_grad
        gradients = y.diff.seen(*seen), x.diff.seen(*seen), emit.scratch(*seen)
        emit(kernel, *saved, *gradients, *numbers, tasks=tasks)
