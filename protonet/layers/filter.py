"""Filter: of each bottom but the last, the images for which the last, the selector, is not 0.

How many those are is known only once the selector has its values; there may be none.
"""

from math import prod

import numpy as np

from protonet.errors import NetError, ShapeError
from protonet.kernels import rows as kernels
from protonet.layers.base import Layer, register


@register("Filter")
class Filter(Layer):
    bottoms, tops, dynamic = (2, None), (1, None), True

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        if len(param.top) != len(param.bottom) - 1:
            raise NetError(
                f"has a top for each bottom but the last, the selector: "
                f"found {len(param.top)} tops and {len(param.bottom)} bottoms"
            )
        self.no_gradient = (len(param.bottom) - 1,)

    def infer(self, *shapes):
        *xs, selector = shapes
        if not selector or prod(selector) != selector[0]:
            raise ShapeError(f"the selector has one number for each image, (N,) or (N, 1, 1, 1), found {selector}")
        for i, shape in enumerate(xs):
            if not shape:
                raise ShapeError(f"expected images (N, ...) to choose from, found a scalar as bottom {i}")
            if shape[0] != selector[0]:
                raise ShapeError(f"the selector has {selector[0]} numbers, but bottom {i} has {shape[0]} images")
        return list(xs)

    def compute(self, *arrays):
        *xs, selector = arrays
        return [np.ascontiguousarray(x[selector.ravel() != 0]) for x in xs]

    def forward(self, emit, *blobs):
        """Nothing is emitted: see compute."""

    def backward(self, emit, *blobs):
        n = len(self.param.top)
        ys, xs, selector = blobs[:n], blobs[n:-1], blobs[-1]
        for y, x in zip(ys, xs, strict=True):
            if emit.wants(x):
                N, A = x.shape[0], prod(x.shape[1:])
                rows = y.diff.seen(y.shape[0], A)
                emit(kernels.filter_grad, rows, selector, x.diff.seen(N, A), tasks=kernels.tasks(A))
