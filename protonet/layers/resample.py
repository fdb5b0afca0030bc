"""Resample: maps of another size: NEAREST, LINEAR or CUBIC; `antialias` widens the weights where it shrinks them.

    height, width      the new size; or that of a second bottom

The surprise: LINEAR without antialias reads as far as it does with it, where a map shrinks; and the middles of pixels
are aligned with the factors of the two axes exchanged, so that they are off where those differ.  Fork:
resample_layer.cu of lmb-freiburg/flownet2, which has no gradient and no AREA, and does not read `factor`.
"""

import numpy as np

from protonet.errors import NetError, ShapeError
from protonet.kernels import resample as kernels
from protonet.layers.base import Layer, register
from protonet.layers.interpolate import maps


@register("Resample", spec="resample_param")
class Resample(Layer):
    bottoms, no_gradient, refused = (1, 2), (0, 1), ("factor",)

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        if self.spec.type == self.spec.AREA:
            raise NetError("type is NEAREST, LINEAR or CUBIC: AREA is in the message, but not in the fork's layer")

    def infer(self, x, like=None):
        if len(x) != 4 or (like is not None and len(like) != 4):
            raise ShapeError(f"expected (N, C, H, W), found {x if len(x) != 4 else like}")
        size = (self.spec.height, self.spec.width) if like is None else like[2:]
        if min(*size, *x[2:]) < 1:
            raise ShapeError(f"height and width must be at least 1, found {size[0]} and {size[1]} for {x}")
        return [(*x[:2], *size)]

    def weights(self, emit, old, new, other, antialias):
        """(first, weights) of an axis; other: the factor of the other axis."""
        factor = np.float32(old / new)
        shrunk = np.float32(1) / (factor if antialias else np.float32(1))
        reach, how = 4 if self.spec.type == self.spec.CUBIC else 2, self.spec.type
        near = 2 if how == self.spec.CUBIC else 1  # beyond, weights are 0; the fork looks as far as 2 for both
        radius = near if factor < 1 else int(np.ceil(np.float32(reach) / shrunk))
        count = 1 if how == self.spec.NEAREST else 2 * radius + 1
        found = emit.scratch(new, dtype="int64"), emit.scratch(count, new)
        emit(kernels.weights, *found, old, factor, np.float32(other) / 2 - np.float32(0.5), shrunk, how)
        return found

    def forward(self, emit, x, *blobs):
        y = blobs[-1]
        (R, H, W), (_, P, Q) = maps(x.shape), maps(y.shape)
        antialias = self.spec.antialias and (H > P or W > Q)
        down, across = (self.weights(emit, *sizes, antialias) for sizes in ((H, P, W / Q), (W, Q, H / P)))
        known = x.seen(R, H, W), *down, *across
        emit(kernels.resample, *known, y.seen(R, P, Q), emit.scratch(R, W + 2 * across[1].shape[0]), tasks=R)
