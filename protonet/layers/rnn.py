"""RNN: the plain recurrent net over T times of N sequences; see recurrent.py for its bottoms and tops.

    h = tanh(Wx x + b + Ws static + Wh (cont * h))        y = tanh(Wo h + bo)

Blobs: Wx (H, D), b (H), [Ws (H, S)], Wh (H, H), Wo (H, H), bo (H).  The surprise: y is not the state but a layer on top
of it; the state, with expose_hidden, is the second top.
"""

from protonet.kernels import activation, pointwise
from protonet.layers import convolve
from protonet.layers.base import Param, register
from protonet.layers.matrix import product
from protonet.layers.recurrent import Recurrent, at


@register("RNN", spec="recurrent_param")
class RNN(Recurrent):
    tops = (1, 2)

    def params(self, *shapes):
        H, spec = self.spec.num_output, self.spec
        output = Param("output weight", (H, H), spec.weight_filler), Param("output bias", (H,), spec.bias_filler)
        return [*super().params(*shapes), *output]

    def step(self, emit, t, N, H, z, cont, states):
        emit(activation.hyperbolic, at(z, t, N, H), at(states[0], t + 1, N, H), tasks=pointwise.tasks((N, H)))

    def step_grad(self, emit, t, N, H, cont, states, dh, others, dz):
        h, tasks = at(states[0], t + 1, N, H), pointwise.tasks((N, H))
        emit(activation.hyperbolic_grad, h, dh, at(dz, t, N, H), tasks=tasks)

    def output(self, emit, h, y, more):
        (wo, bo), (T, N, H) = more, y.shape
        product(emit, h, wo, y, T * N, H, H, (False, True), bias=bo)
        emit(activation.hyperbolic, y, y, tasks=pointwise.tasks(y.shape))
        emit.save("y", y)

    def output_grad(self, emit, h, y, more):
        (wo, bo), (T, N, H) = more, y.shape
        do, dh = emit.scratch(T, N, H), emit.scratch(T, N, H)
        emit(activation.hyperbolic_grad, emit.saved("y"), y.diff, do, tasks=pointwise.tasks(y.shape))
        if emit.wants(wo):
            product(emit, do, h, wo.diff, H, H, T * N, (True, False), add=True)
        if emit.wants(bo):
            convolve.bias_gradient(emit, do, bo.diff, T * N, H)
        product(emit, do, wo, dh, T * N, H, H)
        return dh
