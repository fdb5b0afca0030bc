"""LSTM: long short-term memory over T times of N sequences; see recurrent.py for its bottoms and tops.

    z = Wx x + b + Ws static + Wh (cont * h)        i, f, o, g = sigmoid, sigmoid, sigmoid, tanh of z's quarters
    c = cont * f * c + i * g                        y = h = o * tanh(c)

Blobs: Wx (4 H, D), b (4 H), [Ws (4 H, S)], Wh (4 H, H).  The order of the quarters is Caffe's own.
doi:10.1162/neco.1997.9.8.1735; forget_bias, added to what goes into f, is Synopsys'.
"""

from protonet.kernels import lstm
from protonet.layers.base import register
from protonet.layers.recurrent import Recurrent, at


@register("LSTM", spec="recurrent_param")
class LSTM(Recurrent):
    tops, states, gates = (1, 3), ("h", "c"), 4

    def step(self, emit, t, N, H, z, cont, states):
        h, c = (at(state, t + 1, N, H) for state in states)
        gates, before = at(z, t, N, 4, H), at(states[1], t, N, H)
        emit(lstm.unit, gates, at(cont, t, N), before, gates, c, h, self.spec.forget_bias, tasks=N)

    def step_grad(self, emit, t, N, H, cont, states, dh, others, dz):
        before, c = (at(states[1], time, N, H) for time in (t, t + 1))
        (dc,), gates = others, emit.saved("gates")
        known = at(gates, t, N, 4, H), at(cont, t, N), before, c
        emit(lstm.unit_grad, *known, dh, dc, at(dz, t, N, 4, H), dc, tasks=N)
