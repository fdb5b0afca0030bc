"""MVN: each channel of each image (across_channels: each image) brought to mean 0 and deviation 1.

    y = (x - mean) / (deviation + eps), or without the division (normalize_variance: false)

The surprise: eps is added to the deviation, outside the root, and the gradient leaves it out, as in Caffe.
"""

from protonet.errors import ShapeError
from protonet.kernels import moments as kernels
from protonet.layers.base import Layer, register
from protonet.layers.memory import three


@register("MVN", spec="mvn_param")
class MVN(Layer):
    in_place, refused = True, ("add_eps_before_sqrt",)

    def infer(self, x):
        if len(x) < 2:
            raise ShapeError(f"expected (N, C, ...), found {x}")
        return [x]

    def seen(self, x):
        return three(x.shape, 1 if self.spec.across_channels else 2, len(x.shape))[:2]

    def forward(self, emit, x, y):
        R, _ = seen = self.seen(x)
        numbers = self.spec.normalize_variance, self.spec.eps
        emit(kernels.standardize, x.seen(*seen), y.seen(*seen), emit.keep("factor", R), *numbers, tasks=R)
        if emit.wants(x):
            emit.save("y", y)

    def backward(self, emit, y, x):
        if emit.wants(x):
            seen = self.seen(x)
            saved, factor = emit.saved("y").seen(*seen), emit.saved("factor")
            dy, dx, variance = y.diff.seen(*seen), x.diff.seen(*seen), self.spec.normalize_variance
            emit(kernels.standardize_grad, saved, dy, dx, factor, variance, tasks=seen[0])
