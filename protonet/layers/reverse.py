"""Reverse: what lies along each `axis`, back to front; axis 0 where none is named.

Fork: reverse_layer.cpp of Synopsys, and of tianzhi0549/caffe, where it feeds the second half of a bidirectional LSTM.
"""

from protonet.layers.base import Layer, axis_of, register
from protonet.layers.strides import mirrored


@register("Reverse", spec="reverse_param")
class Reverse(Layer):
    def infer(self, x):
        self.axes(x)
        return [x]

    def axes(self, x):
        return {axis_of(axis, x) for axis in self.spec.axis or [0]}

    def forward(self, emit, x, y):
        mirrored(emit, x, y, self.axes(x.shape))

    def backward(self, emit, y, x):
        if emit.wants(x):
            mirrored(emit, y.diff, x.diff, self.axes(x.shape))
