"""TripletLoss: an anchor nearer to its positive than to its negative, by `margin`: half the mean over the triplets of

    max(0, margin + |a - p| ** 2 - |a - n| ** 2)

bottoms: anchors, positives, negatives, of one shape (N, C).                              arXiv:1503.03832

Fork: triplet_loss_layer.cpp of happynear/caffe-windows.  Forks of this name differ: those that take one bottom with
labels, or a fourth with weights, are refused by the count of bottoms.
"""

from protonet.errors import ShapeError
from protonet.kernels import losses
from protonet.kernels import triplets as kernels
from protonet.layers.base import Layer, register
from protonet.layers.memory import three


@register("TripletLoss", spec="triplet_loss_param")
class TripletLoss(Layer):
    bottoms, loss, auto_tops = 3, True, True

    def infer(self, a, p, n):
        if not a or p != a or n != a:
            raise ShapeError(f"anchors, positives and negatives must have one shape: found {a}, {p} and {n}")
        return [()]

    def forward(self, emit, a, p, n, loss):
        N, A = three(a.shape, 1, len(a.shape))[:2]
        if any(map(emit.wants, (a, p, n))):
            for name, blob in zip("apn", (a, p, n), strict=True):
                emit.save(name, blob)
        sums, seen = emit.scratch(N, dtype="float64"), [blob.seen(N, A) for blob in (a, p, n)]
        emit(kernels.triplets, *seen, sums, emit.keep("active", N), self.spec.margin, tasks=N)
        emit(losses.total, sums, loss, 1 / (2 * max(1, N)))

    def backward(self, emit, loss, a, p, n):
        N, A = three(a.shape, 1, len(a.shape))[:2]
        for blob, x, y in (a, "n", "p"), (p, "p", "a"), (n, "a", "n"):
            if emit.wants(blob):
                known = emit.saved(x).seen(N, A), emit.saved(y).seen(N, A), emit.saved("active"), loss.diff
                emit(kernels.triplet_grad, *known, blob.diff.seen(N, A), 1 / max(1, N), tasks=N)
