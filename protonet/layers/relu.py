"""ReLU: y = max(x, 0) + negative_slope * min(x, 0).

Where negative_slope is 0, -inf gives 0 (in Caffe NaN); NaN stays NaN in both.  At x = 0 the gradient is that of the
negative side.  Synopsys' relu6 bounds y by 6 as well.
"""

from protonet.kernels import activation as kernels
from protonet.kernels import hard, pointwise
from protonet.layers.base import Layer, register

TOP = 6.0  # of relu6


@register("ReLU", spec="relu_param")
class ReLU(Layer):
    in_place, refused = True, ("maximum", "minimum")

    def forward(self, emit, x, y):
        slope, tasks = self.spec.negative_slope, pointwise.tasks(x.shape)
        if self.spec.relu6:
            if emit.wants(x):
                emit.save("x", x)
            emit(hard.bounded, x, y, slope, TOP, tasks=tasks)
            return
        if not slope >= 0:  # only then has y not the signs of x
            emit.save("signs", x)
        if slope == 0:
            emit(kernels.relu, x, y, tasks=tasks)
        else:
            emit(kernels.leaky, x, y, slope, tasks=tasks)
        if slope >= 0:
            emit.save("signs", y)

    def backward(self, emit, y, x):
        slope, tasks = self.spec.negative_slope, pointwise.tasks(x.shape)
        if not emit.wants(x):
            return
        if self.spec.relu6:
            emit(hard.bounded_grad, emit.saved("x"), y.diff, x.diff, slope, TOP, tasks=tasks)
        elif slope == 0:
            emit(kernels.relu_grad, emit.saved("signs"), y.diff, x.diff, tasks=tasks)
        else:
            emit(kernels.leaky_grad, emit.saved("signs"), y.diff, x.diff, slope, tasks=tasks)
