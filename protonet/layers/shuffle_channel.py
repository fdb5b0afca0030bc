"""ShuffleChannel: channels dealt anew: of `group` groups the first of each, then the second ...    arXiv:1707.01083"""

from protonet.errors import ShapeError
from protonet.layers.base import Layer, register
from protonet.layers.memory import three
from protonet.layers.strides import turned

ORDER = 0, 2, 1, 3


@register("ShuffleChannel", spec="shuffle_channel_param")
class ShuffleChannel(Layer):
    def infer(self, x):
        G = self.spec.group
        if len(x) < 2 or G < 1 or x[1] % G:
            raise ShapeError(f"expected (N, C, ...) with C a multiple of group {G}, found {x}")
        return [x]

    def forward(self, emit, x, y):
        N, C, S = three(x.shape, 1)
        turned(emit, x, y, (N, self.spec.group, C // self.spec.group, S), ORDER)

    def backward(self, emit, y, x):
        N, C, S = three(x.shape, 1)
        if emit.wants(x):
            turned(emit, y.diff, x.diff, (N, C // self.spec.group, self.spec.group, S), ORDER)
