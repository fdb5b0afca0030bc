"""Normalize: y = scale * x / length, the length of each image, or of each position (across_spatial: false).

    length = sqrt(sum of x ** 2 + eps)          scale: learned, one for all, or one a channel; it begins as scale_filler

SSD's, from ParseNet (arXiv:1506.04579).  The surprise: with a scale for each channel the gradient is SSD's
own, which is exact only while they are all alike; published nets were trained with it.
"""

from protonet.errors import ShapeError
from protonet.kernels import normalize as kernels
from protonet.layers.base import Layer, Param, register
from protonet.layers.memory import three


@register("Normalize", spec="norm_param")
class Normalize(Layer):
    refused = "normalize_type", "fix_gradient"

    def params(self, x):
        if len(x) < 2:
            raise ShapeError(f"expected (N, C, ...), found {x}")
        filler = self.spec.scale_filler if self.spec.HasField("scale_filler") else 1.0
        return [Param("scale", () if self.spec.channel_shared else (x[1],), filler)]

    def sizes(self, x):
        """(N, C, S) as the kernels want them, and how many lengths an image has."""
        N, C, S = three(x.shape, 1)
        whole = self.spec.across_spatial
        return (N, C * S, 1) if whole and self.spec.channel_shared else (N, C, S), 1 if whole else S

    def forward(self, emit, x, y):
        (N, C, S), lengths = self.sizes(x)
        length = emit.keep("length", N, lengths)
        if emit.wants(x) or emit.wants(emit.params[0]):
            emit.save("x", x)
        numbers = self.spec.eps, not self.spec.add_eps_before_sqrt
        emit(kernels.normalize, x.seen(N, C, S), *emit.params, y.seen(N, C, S), length, *numbers, tasks=N)

    def backward(self, emit, y, x):
        (scale,), ((N, C, S), lengths) = emit.params, self.sizes(x)
        length, dy = emit.saved("length"), y.diff.seen(N, C, S)
        if emit.wants(scale):
            saved, sums = emit.saved("x").seen(N, C, S), emit.scratch(scale.count, dtype="float64")
            emit(kernels.scale_grad, saved, length, dy, scale.diff, sums, tasks=scale.count)
        if emit.wants(x):
            saved, dot = emit.saved("x").seen(N, C, S), emit.scratch(N, lengths)
            emit(kernels.normalize_grad, saved, scale, length, dy, x.diff.seen(N, C, S), dot, tasks=N)
