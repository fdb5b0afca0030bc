"""SmoothL1Loss: squared near 0, linear beyond: the sum, divided by N, of

    w_out * (sigma ** 2 * u ** 2 / 2   if |u| < 1 / sigma ** 2, else |u| - 0.5 / sigma ** 2),     u = w_in * (a - b)

bottoms: a, b, and if given w_in and w_out: of one shape, but for axes of 1 at its end.          arXiv:1504.08083
"""

from protonet.errors import NetError, ShapeError
from protonet.kernels import losses as kernels
from protonet.kernels import pairs
from protonet.kernels.pointwise import tasks
from protonet.layers.base import Layer, register


def trimmed(shape):
    """A shape without the axes of 1 at its end: Caffe's (N, C) is as good as (N, C, 1, 1)."""
    return trimmed(shape[:-1]) if shape and shape[-1] == 1 else tuple(shape)


@register("SmoothL1Loss", spec="smooth_l1_loss_param")
class SmoothL1Loss(Layer):
    bottoms, loss, auto_tops, constant = (2, 4), True, True, (2, 3)
    refused = ("abssum",)

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        if not self.spec.sigma > 0:
            raise NetError(f"sigma is above 0, found {self.spec.sigma:g}")

    def infer(self, *shapes):
        if not shapes[0]:
            raise ShapeError("expected bottoms of some images, found the shape ()")
        for i, shape in enumerate(shapes):
            if trimmed(shape) != trimmed(shapes[0]):
                raise ShapeError(f"the bottoms must have one shape: bottom 0 has {shapes[0]}, bottom {i} has {shape}")
        return [()]

    def forward(self, emit, a, b, *rest):
        *weights, loss = rest
        n, given = tasks(a.shape), len(weights)
        inside, outside = [*weights, a, a][:2]  # a stands for what is not read
        slopes, sums = emit.keep("slopes", a.count), emit.scratch(n, dtype="float64")
        square = self.spec.sigma**2
        emit(pairs.smooth_l1, a, b, inside, outside, slopes, sums, square, given, tasks=n)
        emit(kernels.total, sums, loss, 1 / max(1, a.shape[0]))

    def backward(self, emit, loss, a, b, *weights):
        for blob, sign in (a, 1), (b, -1):
            if emit.wants(blob):
                factor, saved = sign / max(1, a.shape[0]), emit.saved("slopes")
                emit(kernels.times_loss, saved, loss.diff, blob.diff, factor, tasks=tasks(a.shape))
