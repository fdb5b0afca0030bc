"""Downsample: smaller maps, each number the mean of those around its place, the nearer the more; NaNs do not count.

    top_height, top_width      the new size; or that of a second bottom

NaN comes out where more than half as much weighs nothing as weighs something: flows that are known in part stay so.
First and last pixels are aligned.  Fork: downsample_layer.cu of lmb-freiburg/flownet2, which has no gradient.
"""

import numpy as np

from protonet.errors import ShapeError
from protonet.kernels import pointwise
from protonet.kernels import resample as kernels
from protonet.layers.base import Layer, register
from protonet.layers.interpolate import maps


@register("Downsample", spec="downsample_param")
class Downsample(Layer):
    bottoms, no_gradient = (1, 2), (0, 1)

    def infer(self, x, like=None):
        if len(x) != 4 or (like is not None and len(like) != 4):
            raise ShapeError(f"expected (N, C, H, W), found {x if len(x) != 4 else like}")
        size = (self.spec.top_height, self.spec.top_width) if like is None else tuple(like[2:])
        if size != tuple(x[2:]) and min(*size, *x[2:]) < 2:
            raise ShapeError(f"top_height and top_width must be at least 2, found {size[0]} and {size[1]} for {x}")
        return [(*x[:2], *size)]

    def forward(self, emit, x, *blobs):
        y = blobs[-1]
        if x.shape == y.shape:
            emit(pointwise.copy, x, y, tasks=pointwise.tasks(x.shape))
        else:
            (R, H, W), (_, P, Q) = maps(x.shape), maps(y.shape)
            known = x.seen(R, H, W), *self.weights(emit, H, P), *self.weights(emit, W, Q)
            emit(kernels.downsample, *known, y.seen(R, P, Q), tasks=R)

    def weights(self, emit, old, new):
        """(first, weights) of an axis."""
        reach = int(np.ceil(np.float32(old - 1) / np.float32(new - 1)))
        found = emit.scratch(new, dtype="int64"), emit.scratch(new, 2 * reach + 1)
        emit(kernels.tents, *found, old)
        return found
