"""PReLU: y = x where x > 0, else a * x, with one learned a for each channel, or one for all (channel_shared).

a begins as 0.25.          arXiv:1502.01852
"""

from protonet.errors import ShapeError
from protonet.kernels import affine
from protonet.kernels import prelu as kernels
from protonet.layers.base import Layer, Param, register
from protonet.layers.memory import three


@register("PReLU", spec="prelu_param")
class PReLU(Layer):
    in_place = True

    def params(self, x):
        if len(x) < 2:
            raise ShapeError(f"expected (N, C, ...), found {x}")
        filler = self.spec.filler if self.spec.HasField("filler") else 0.25
        return [Param("slope", () if self.spec.channel_shared else (x[1],), filler)]

    def seen(self, shape):
        """x's shape as (N, slopes, positions)."""
        N, C, S = three(shape, 1)
        return (N, 1, C * S) if self.spec.channel_shared else (N, C, S)

    def forward(self, emit, x, y):
        (a,), seen = emit.params, self.seen(x.shape)
        if emit.wants(x) or emit.wants(a):
            emit.save("x", x)
        emit(kernels.prelu, x.seen(*seen), a, y.seen(*seen), tasks=affine.rows(*seen))

    def backward(self, emit, y, x):
        (a,), (N, C, S) = emit.params, self.seen(x.shape)
        dy = y.diff.seen(N, C, S)
        if emit.wants(a):
            saved = emit.saved("x").seen(N, C, S)
            emit(kernels.slope_grad, saved, dy, a.diff, emit.scratch(C, dtype="float64"), tasks=C)
        if emit.wants(x):
            saved = emit.saved("x").seen(N, C, S)
            emit(kernels.prelu_grad, saved, a, dy, x.diff.seen(N, C, S), tasks=affine.rows(N, C, S))
