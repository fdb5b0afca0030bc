"""ContrastiveLoss: pulls similar pairs together and pushes others `margin` apart: the mean over pairs of half of

    dist ** 2                          if similar, else
    max(margin - dist, 0) ** 2         or, legacy_version, max(margin - dist ** 2, 0)

bottoms: features a and b (N, C), and whether they are similar (N), not 0 if so.          Hadsell et al. 2006
"""

from protonet.errors import ShapeError
from protonet.kernels import losses
from protonet.kernels import pairs as kernels
from protonet.layers.base import Layer, register
from protonet.layers.memory import three


@register("ContrastiveLoss", spec="contrastive_loss_param")
class ContrastiveLoss(Layer):
    bottoms, loss, auto_tops, no_gradient = 3, True, True, (2,)

    def infer(self, a, b, similar):
        if a != b or not a:
            raise ShapeError(f"the features of a pair must have one shape: found {a} and {b}")
        if three(similar, 0, len(similar))[1] != a[0]:
            raise ShapeError(f"expected one number for each of {a[0]} pairs, found shape {similar}")
        return [()]

    def forward(self, emit, a, b, similar, loss):
        N, A = three(a.shape, 1, len(a.shape))[:2]
        kept, sums = (emit.keep("difference", N, A), emit.keep("slope", N)), emit.scratch(N, dtype="float64")
        numbers = self.spec.margin, self.spec.legacy_version
        emit(kernels.contrastive, a.seen(N, A), b.seen(N, A), similar, *kept, sums, *numbers, tasks=N)
        emit(losses.total, sums, loss, 1 / (2 * max(1, N)))

    def backward(self, emit, loss, a, b, similar):
        N, A = three(a.shape, 1, len(a.shape))[:2]
        for blob, sign in (a, 1), (b, -1):
            if emit.wants(blob):
                saved = emit.saved("difference"), emit.saved("slope"), loss.diff
                emit(kernels.pair_grad, *saved, blob.diff.seen(N, A), sign / max(1, N), tasks=N)
