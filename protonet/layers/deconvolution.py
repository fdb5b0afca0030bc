"""Deconvolution: the gradient of a Convolution as a layer, with which maps grow; also "transposed convolution".

    y[n, k, position(p) + offset(t)] += w[c, k, t] * x[n, c, p], + b[k];   outputs = stride * (size - 1) + extent - pads

Its parameters are those of the Convolution that leads back from y to x, so the weights are (C, num_output / group,
...), inputs first, and pad takes away from the map. Forward it runs Convolution's data gradient, backward its forward.
arXiv:1603.07285, section 4; arXiv:1411.4038 for upsampling by `weight_filler { type: "bilinear" }`.
"""

from math import prod

from protonet.errors import NetError
from protonet.layers import convolve, spatial
from protonet.layers.base import register
from protonet.layers.convolution import Convolution


@register("Deconvolution", spec="convolution_param")
class Deconvolution(Convolution):
    def check_counts(self):
        super().check_counts()
        if self.spec.pad_type:
            raise NetError("pad_type is for Convolution: give pad, or pad_l to pad_b")

    def weights(self, x):
        axis, G = self.channels(x)
        return (x[axis], self.spec.num_output // G, *spatial.window(self.spec, x[axis + 1 :]).kernel)

    def outputs(self, window, sizes):
        return window.inputs(sizes)

    def map(self, x, y):
        """The convolution from y back to x."""
        return super().map(y, x)

    @staticmethod
    def product(emit, m, w, bias, x, y):
        convolve.data_gradient(emit, m, w, x, y, bias)

    @staticmethod
    def weight_gradient(emit, m, x, dy, dw):
        convolve.weight_gradient(emit, m, dy, x, dw)

    @staticmethod
    def data_gradient(emit, m, w, dy, dx, bias=None):
        convolve.forward(emit, m, w, bias, dy, dx)

    def macs(self, bottoms, tops):
        return sum(prod(x) * prod(self.weights(x)[1:]) for x in bottoms)
