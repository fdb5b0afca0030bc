"""L1Loss: the sum of |a - b|, divided by N.  Either bottom may learn; where a = b the slope is 0.

Fork: l1_loss_layer.cpp of NVIDIA's caffe, for DetectNet.  (FlowNet's type of this name has l1_loss_param, which is
refused unless it says nothing new.)
"""

from protonet.errors import ShapeError
from protonet.kernels import losses as kernels
from protonet.kernels import pairs
from protonet.kernels.pointwise import tasks
from protonet.layers.base import Layer, register
from protonet.layers.memory import three


@register("L1Loss", spec="l1_loss_param")
class L1Loss(Layer):
    bottoms, loss, auto_tops = 2, True, True
    refused = "l2_per_location", "l2_prescale_by_channels", "normalize_by_num_entries", "plateau", "epsilon"

    def infer(self, a, b):
        if not a or not b or a[0] != b[0] or three(a, 1, len(a))[1] != three(b, 1, len(b))[1]:
            raise ShapeError(f"the bottoms must have as many numbers for each image: found shapes {a} and {b}")
        return [()]

    def forward(self, emit, a, b, loss):
        n = tasks(a.shape)
        sums = emit.scratch(n, dtype="float64")
        emit(pairs.distances, a, b, emit.keep("signs", a.count), sums, tasks=n)
        emit(kernels.total, sums, loss, 1 / max(1, a.shape[0]))

    def backward(self, emit, loss, a, b):
        for blob, sign in (a, 1), (b, -1):
            if emit.wants(blob):
                factor, saved = sign / max(1, a.shape[0]), emit.saved("signs")
                emit(kernels.times_loss, saved, loss.diff, blob.diff, factor, tasks=tasks(a.shape))
