"""L1Loss: the sum of |a - b|, divided by N.  Either bottom may learn; where a = b the slope is 0.

Fork: l1_loss_layer.cpp of NVIDIA's caffe, for DetectNet.  FlowNet2 (lmb-freiburg, l1loss_layer.cu) has a type of this
name, and is meant where there is an l1_loss_param, or one bottom alone, which is the difference then:

    NaN                         does not count; normalize_by_num_entries: the sum is divided by what counts, over C
    plateau                     smaller differences do not count (of lengths: shorter ones)
    l2_per_location             by place the length over channels, the root of the sum of squares + epsilon, is added
    l2_prescale_by_channels     that sum of squares is divided by C

The surprise: FlowNet's slope where a = b is -1.
"""

from protonet.errors import ShapeError
from protonet.kernels import l1, length, pairs, pointwise
from protonet.kernels import losses as kernels
from protonet.kernels.pointwise import tasks
from protonet.layers.base import Layer, register
from protonet.layers.memory import three


@register("L1Loss", spec="l1_loss_param")
class L1Loss(Layer):
    bottoms, loss, auto_tops = (1, 2), True, True

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        self.flows = param.HasField("l1_loss_param") or len(param.bottom) == 1

    def infer(self, a, *others):
        for b in others:
            if not a or not b or a[0] != b[0] or three(a, 1, len(a))[1] != three(b, 1, len(b))[1]:
                raise ShapeError(f"the bottoms must have as many numbers for each image: found shapes {a} and {b}")
        if self.flows and (len(a) < 2 or any(b != a for b in others)):
            raise ShapeError(f"expected bottoms of one shape (N, C, ...), found {[a, *others]}")
        return [()]

    def forward(self, emit, *blobs):
        *xs, loss = blobs
        if self.flows:
            self.forward_flow(emit, xs, loss)
            return
        a, b = xs
        n = tasks(a.shape)
        sums = emit.scratch(n, dtype="float64")
        emit(pairs.distances, a, b, emit.keep("signs", a.count), sums, tasks=n)
        emit(kernels.total, sums, loss, 1 / max(1, a.shape[0]))

    def forward_flow(self, emit, xs, loss):
        spec, (N, C, S) = self.spec, three(xs[0].shape, 1)
        n = length.tasks(N, S)
        sums, counts = (emit.scratch(n, dtype="float64") for _ in range(2))
        known = xs[0].seen(N, C, S), xs[-1].seen(N, C, S), emit.keep("slope", N, C, S), sums, counts, spec.plateau
        two = int(len(xs) > 1)
        if spec.l2_per_location:
            share = 1 / C if spec.l2_prescale_by_channels else 1.0
            emit(l1.lengths, *known, share, spec.epsilon, two, tasks=n)
        else:
            emit(l1.absolute, *known, two, tasks=n)
        images = 0 if spec.normalize_by_num_entries else N
        emit(l1.mean, sums, counts, emit.keep("norm", 1), loss, C, images)

    def backward(self, emit, loss, *xs):
        n = tasks(xs[0].shape)
        for blob, sign in zip(xs, (1, -1), strict=False):
            if emit.wants(blob) and self.flows:
                slope = emit.saved("slope").seen(blob.count)
                emit(kernels.over_norm, slope, emit.saved("norm"), loss.diff, blob.diff, tasks=n)
                if sign < 0:
                    emit(pointwise.scale, blob.diff, blob.diff, -1.0, tasks=n)
            elif emit.wants(blob):
                factor, saved = sign / max(1, xs[0].shape[0]), emit.saved("signs")
                emit(kernels.times_loss, saved, loss.diff, blob.diff, factor, tasks=n)
