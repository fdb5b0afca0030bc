"""SPP: spatial pyramid pooling, (N, C, H, W) -> (N, C * (1 + 4 + 16 + ...)) whatever H and W are.   arXiv:1406.4729

    level l = 0 to pyramid_height - 1: Pooling into 2^l x 2^l bins, kernel = stride = ceil(size / 2^l),
    pad = (kernel * 2^l - size + 1) // 2; the levels one behind the other, each flattened

The surprise: a single level is not flattened, its top is (N, C, 1, 1).
"""

from math import prod

from protonet.errors import ShapeError
from protonet.kernels import block, pointwise
from protonet.layers.base import Layer, register
from protonet.layers.pooling import Pooling
from protonet.proto import caffe_pb2
from protonet.runtime.step import Blob


@register("SPP", spec="spp_param")
class SPP(Layer):
    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        self.made: dict[tuple, list[Pooling]] = {}

    def levels(self, x):
        """The Pooling of each level, for a bottom of this shape."""
        if len(x) != 4:
            raise ShapeError(f"expected a bottom of 4 axes (N, C, H, W), found {len(x)} axes: {tuple(x)}")
        if self.spec.pyramid_height < 1:
            raise ShapeError("pyramid_height must be at least 1, found none or 0")
        if x not in self.made:
            self.made[x] = [self.level(2**level, x) for level in range(self.spec.pyramid_height)]
        return self.made[x]

    def level(self, bins, x):
        param = caffe_pb2.LayerParameter(name=self.name, type="Pooling", bottom=["x"], top=["y"])
        spec = param.pooling_param
        spec.pool = self.spec.pool
        for axis, size in (("h", x[2]), ("w", x[3])):
            if bins > size:
                raise ShapeError(f"{bins} bins do not fit a map of {x[2]} x {x[3]}: make pyramid_height smaller")
            kernel = -(-size // bins)
            setattr(spec, f"kernel_{axis}", kernel)
            setattr(spec, f"stride_{axis}", kernel)
            setattr(spec, f"pad_{axis}", (kernel * bins - size + 1) // 2)
        return Pooling(param, self.phase)

    def infer(self, x):
        shapes = [level.infer(x)[0] for level in self.levels(x)]
        return shapes if len(shapes) == 1 else [(x[0], sum(prod(shape[1:]) for shape in shapes))]

    def parts(self, x):
        """Each level with the shape of its top and where that begins in a row of y."""
        start = 0
        for level in self.levels(x):
            (shape,) = level.infer(x)
            yield level, shape, start
            start += prod(shape[1:])

    def forward(self, emit, x, y):
        N = x.shape[0]
        for level, shape, start in self.parts(x.shape):
            top, A = Blob(emit.scratch(*shape)), prod(shape[1:])
            emit.layer = level  # what it keeps is its own
            level.forward(emit, x, top)
            emit.layer = self
            emit(block.put, top.seen(N, A), y.seen(N, y.count // max(1, N)), start, tasks=block.tasks(N, A))

    def backward(self, emit, y, x):
        if not emit.wants(x):
            return
        N = x.shape[0]
        for level, shape, start in self.parts(x.shape):
            dy, A = emit.scratch(*shape), prod(shape[1:])
            emit(block.take, y.diff.seen(N, y.count // max(1, N)), dy.seen(N, A), start, tasks=block.tasks(N, A))
            dx = emit.scratch(*x.shape) if start else x.diff
            emit.layer = level
            level.backward(emit, Blob(dy, dy), Blob(x.data, dx))
            emit.layer = self
            if start:
                emit(pointwise.accumulate, dx, x.diff, tasks=pointwise.tasks(x.shape))
