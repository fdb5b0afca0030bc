"""BatchReindex: images chosen by number, y[i] = x[index[i]], in any order and as often as asked.  index is float32."""

from protonet.kernels import labels, pointwise
from protonet.kernels import rows as kernels
from protonet.layers.base import Layer, register
from protonet.layers.memory import three


@register("BatchReindex")
class BatchReindex(Layer):
    bottoms, no_gradient = 2, (1,)

    def infer(self, x, index):
        return [(three(index, 0, len(index))[1], *x[1:])]

    def forward(self, emit, x, index, y):
        N, A = three(x.shape, 1, len(x.shape))[:2]
        fault = emit.fault(f"index {{value}} (number {{index}}) is no image: the batch has 0 to {N - 1}")
        emit(labels.check, index, fault, N, labels.NO_LABEL)
        emit(kernels.pick, x.seen(N, A), index, y.seen(index.count, A), tasks=kernels.tasks(A))

    def backward(self, emit, y, x, index):
        N, A = three(x.shape, 1, len(x.shape))[:2]
        if emit.wants(x):
            emit(pointwise.fill, x.diff, 0.0, tasks=pointwise.tasks(x.shape))
            emit(kernels.pick_grad, y.diff.seen(index.count, A), index, x.diff.seen(N, A), tasks=kernels.tasks(A))
