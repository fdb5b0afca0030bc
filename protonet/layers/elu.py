"""ELU: y = x where x > 0, else alpha * (exp(x) - 1).          arXiv:1511.07289"""

from protonet.kernels import activation as kernels
from protonet.kernels.pointwise import tasks
from protonet.layers.base import Layer, register


@register("ELU", spec="elu_param")
class ELU(Layer):
    in_place = True

    def forward(self, emit, x, y):
        alpha = self.spec.alpha
        if not alpha >= 0:  # only then has y not the signs of x
            emit.save("signs", x)
        emit(kernels.elu, x, y, alpha, tasks=tasks(x.shape))
        emit.save("y", y)
        if alpha >= 0:
            emit.save("signs", y)

    def backward(self, emit, y, x):
        if emit.wants(x):
            saved = emit.saved("signs"), emit.saved("y")
            emit(kernels.elu_grad, *saved, y.diff, x.diff, self.spec.alpha, tasks=tasks(x.shape))
