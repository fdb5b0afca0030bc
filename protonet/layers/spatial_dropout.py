"""SpatialDropout: in TRAIN whole planes are zeroed, each with probability dropout_ratio.

The others grow by 1 / (1 - ratio).  In TEST it is the identity.  arXiv:1411.4280.  The ratio stands in
spatial_dropout_param, or as in spatial_dropout_layer.cpp of Intel's fork in dropout_param.  Draws are those of
kernels/philox.py: the same for any number of threads.
"""

from math import prod

from protonet.errors import NetError, ShapeError
from protonet.kernels import affine, philox
from protonet.kernels import dropout as kernels
from protonet.layers.base import TEST, Layer, register
from protonet.layers.memory import pass_on


@register("SpatialDropout", spec="spatial_dropout_param")
class SpatialDropout(Layer):
    in_place = True

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        if param.HasField("dropout_param") and param.HasField("spatial_dropout_param"):
            raise NetError("give dropout_param or spatial_dropout_param, not both")
        self.ratio = (param.dropout_param if param.HasField("dropout_param") else self.spec).dropout_ratio
        if not 0 <= self.ratio < 1:
            raise NetError(f"dropout_ratio is at least 0 and below 1, found {self.ratio:g}")

    def infer(self, x):
        if len(x) < 2:
            raise ShapeError(f"expected (N, C, ...), found {x}")
        return [x]

    def forward(self, emit, x, y):
        if self.phase == TEST:
            pass_on(emit, x, y)
            return
        planes = prod(x.shape[:2])
        drawn, factors = emit.scratch(planes), emit.keep("factors", planes)
        tasks = -(-planes // philox.CHUNK)
        emit(philox.fill_uniform, drawn, 0.0, 1.0, emit.random, emit.stream, tasks=tasks)
        emit(kernels.factors, drawn, factors, self.ratio, 1 / (1 - self.ratio), tasks=tasks)
        self.scale(emit, x, factors, y)

    def backward(self, emit, y, x):
        if not emit.wants(x):
            return
        if self.phase == TEST:
            pass_on(emit, y.diff, x.diff)
        else:
            self.scale(emit, y.diff, emit.saved("factors"), x.diff)

    @staticmethod
    def scale(emit, x, factors, y):
        planes = prod(x.shape[:2])
        sizes = 1, planes, prod(x.shape[2:])
        emit(affine.scale, x.seen(*sizes), factors, y.seen(*sizes), tasks=affine.rows(*sizes))
