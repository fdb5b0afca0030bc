"""EuclideanLoss: the sum of (a - b) ** 2, divided by 2 N.  Either bottom may learn."""

from protonet.errors import ShapeError
from protonet.kernels import losses as kernels
from protonet.kernels import pairs
from protonet.kernels.pointwise import tasks
from protonet.layers.base import Layer, register
from protonet.layers.memory import three


@register("EuclideanLoss")
class EuclideanLoss(Layer):
    bottoms, loss, auto_tops = 2, True, True

    def infer(self, a, b):
        if not a or not b or a[0] != b[0] or three(a, 1, len(a))[1] != three(b, 1, len(b))[1]:
            raise ShapeError(f"the bottoms must have as many numbers for each image: found shapes {a} and {b}")
        return [()]

    def forward(self, emit, a, b, loss):
        n = tasks(a.shape)
        sums = emit.scratch(n, dtype="float64")
        emit(pairs.squares, a, b, emit.keep("difference", a.count), sums, tasks=n)
        emit(kernels.total, sums, loss, 1 / (2 * max(1, a.shape[0])))

    def backward(self, emit, loss, a, b):
        for blob, sign in (a, 1), (b, -1):
            if emit.wants(blob):
                factor, d = sign / max(1, a.shape[0]), emit.saved("difference")
                emit(kernels.times_loss, d, loss.diff, blob.diff, factor, tasks=tasks(a.shape))
