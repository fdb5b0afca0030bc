"""MultinomialLogisticLoss: the mean of -log p[label], of probabilities that are already there; at least 1e-20 of them.

Prefer SoftmaxWithLoss, whose gradient does not divide by p.
"""

from protonet.errors import ShapeError
from protonet.kernels import losses as kernels
from protonet.kernels.labels import NO_LABEL
from protonet.layers.base import Layer, register
from protonet.layers.loss import LEAST, check_labels
from protonet.layers.memory import three


@register("MultinomialLogisticLoss")
class MultinomialLogisticLoss(Layer):
    bottoms, loss, auto_tops, no_gradient = 2, True, True, (1,)

    def infer(self, p, label):
        if not p or three(label, 0, len(label))[1] != p[0]:
            raise ShapeError(f"expected one label for each image of shape {p}, found shape {label}")
        return [()]

    def forward(self, emit, p, label, loss):
        N, A = three(p.shape, 1, len(p.shape))[:2]
        sums = emit.scratch(N, dtype="float64")
        check_labels(emit, label, A, NO_LABEL)
        emit(kernels.multinomial, p.seen(N, A), label, sums, LEAST, NO_LABEL, tasks=N)
        emit(kernels.total, sums, loss, 1 / max(1, N))

    def backward(self, emit, loss, p, label):
        N, A = seen = three(p.shape, 1, len(p.shape))[:2]
        if emit.wants(p):
            known = p.seen(*seen), label, loss.diff
            emit(kernels.multinomial_grad, *known, p.diff.seen(N, A), LEAST, NO_LABEL, tasks=N)
