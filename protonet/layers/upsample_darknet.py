"""UpsampleDarknet: each number repeated `stride` times both ways.          Fork: Synopsys, for YOLOv3"""

from protonet.errors import ShapeError
from protonet.kernels import unpool as kernels
from protonet.layers.base import Layer, register
from protonet.layers.interpolate import maps


@register("UpsampleDarknet", spec="upsample_darknet_param")
class UpsampleDarknet(Layer):
    def infer(self, x):
        s = self.spec.stride
        if len(x) != 4 or s < 1:
            raise ShapeError(f"expected (N, C, H, W), and a stride of at least 1, found {x} and stride {s}")
        return [(*x[:2], x[2] * s, x[3] * s)]

    def words(self):
        return self.spec.stride, self.spec.stride, 1

    def forward(self, emit, x, y):
        emit(kernels.nearest, x.seen(*maps(x.shape)), y.seen(*maps(y.shape)), *self.words(), tasks=maps(x.shape)[0])

    def backward(self, emit, y, x):
        if emit.wants(x):
            dy, dx = y.diff.seen(*maps(y.shape)), x.diff.seen(*maps(x.shape))
            emit(kernels.nearest_grad, dy, dx, *self.words(), tasks=maps(x.shape)[0])
