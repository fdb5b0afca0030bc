"""LogSoftmax: the log of Softmax along `axis`; of 1e-20 where a probability is less, so that it is never below -46.05.

Fork: log_softmax_layer.cpp of Synopsys, which has no gradient.
"""

from math import log

from protonet.kernels import log_softmax as kernels
from protonet.kernels import softmax
from protonet.layers.base import Layer, axis_of, register
from protonet.layers.memory import three

LEAST = log(1e-20)


@register("LogSoftmax", spec="log_softmax_param")
class LogSoftmax(Layer):
    no_gradient = (0,)

    def infer(self, x):
        axis_of(self.spec.axis, x)
        return [x]

    def forward(self, emit, x, y):
        O, C, S = three(x.shape, axis_of(self.spec.axis, x.shape))
        scratch, tasks = (emit.scratch(O, S), emit.scratch(O, S)), softmax.tasks(O, S)
        emit(kernels.log_softmax, x.seen(O, C, S), y.seen(O, C, S), *scratch, LEAST, tasks=tasks)
