"""Reverse: what lies along each `axis`, back to front; axis 0 where none is named.

Fork: reverse_layer.cpp of Synopsys, and of tianzhi0549/caffe, where it feeds the second half of a bidirectional LSTM.
"""

from protonet.layers.base import Layer, axis_of, register
from protonet.layers.strides import part, strides


@register("Reverse", spec="reverse_param")
class Reverse(Layer):
    def infer(self, x):
        for axis in self.spec.axis or [0]:
            axis_of(axis, x)
        return [x]

    def emit_reversed(self, emit, x, y):
        steps, start = strides(x.shape), 0
        for axis in {axis_of(axis, x.shape) for axis in self.spec.axis or [0]}:
            start += steps[axis] * max(0, x.shape[axis] - 1)
            steps[axis] = -steps[axis]
        part(emit, x, y, start, x.shape, steps)

    def forward(self, emit, x, y):
        self.emit_reversed(emit, x, y)

    def backward(self, emit, y, x):
        if emit.wants(x):
            self.emit_reversed(emit, y.diff, x.diff)
