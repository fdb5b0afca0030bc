"""BN: batch normalisation with a scale and a shift of its own, y = gamma * (x - mean) / sqrt(var + eps) + beta.

Three forks have a type of this name; what is in bn_param tells them apart:

    slope_filler, bias_filler, frozen, momentum, eps      PSPNet's and yjxiong's: blobs gamma, beta, mean, var.  TRAIN
                                                          takes the batch's statistics and keeps a running average, TEST
                                                          (and frozen) takes that
    moving_average, decay, var_eps, axis                  hszhao's first: the same blobs; TEST takes the batch's too,
                                                          unless moving_average
    scale_filler, shift_filler, bn_mode, or nothing       SegNet's and ENet's: blobs gamma and beta alone.  LEARN takes
                                                          the batch's statistics, in TEST as well; in INFERENCE a script
                                                          has put them into gamma and beta: y = gamma * x + beta

scale_filler and shift_filler may stand with the second as well.  The running average is one, not BatchNorm's decayed
sums.  Forks: bn_layer.cpp of alexgkendall/caffe-segnet, hszhao/PSPNet and yjxiong/caffe.
"""

from protonet.errors import NetError, ShapeError
from protonet.kernels import affine, eltwise, pointwise
from protonet.kernels import batch_norm as kernels
from protonet.layers.base import TEST, Layer, Param, axis_of, register
from protonet.layers.memory import three

RUNNING = "slope_filler", "bias_filler", "frozen", "momentum", "eps"
MOVING = "moving_average", "decay", "var_eps", "axis"
SEGNET = ("bn_mode",)
SEGNET_EPS = 1e-9
INFERENCE = 1


@register("BN", spec="bn_param")
class BN(Layer):
    in_place = True
    refused = ("icnet",)

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        given = [[name for name in names if self.spec.HasField(name)] for names in (RUNNING, MOVING, SEGNET)]
        said = [names for names in given if names]
        if len(said) > 1:
            raise NetError(f"{said[0][0]} and {said[1][0]} are of different forks' BN: give one of them")
        self.running, self.moving = bool(given[0]), bool(given[1])

    def channels(self, x):
        """x as (outer, channels, inner)."""
        axis = axis_of(self.spec.axis, x)
        if axis < 1:
            raise ShapeError(f"expected (N, C, ...), found {x}")
        return three(x, axis)

    def params(self, x):
        spec, (_, C, _) = self.spec, self.channels(x)
        gamma, beta = ("slope_filler", "bias_filler") if self.running else ("scale_filler", "shift_filler")
        shape = (1, C) if self.running else (1, C, 1, 1)
        if self.moving:
            shape = (*[1] * spec.axis, C, *[1] * (3 - spec.axis))
        learned = not spec.frozen
        found = [
            Param("gamma", shape, getattr(spec, gamma) if spec.HasField(gamma) else 1.0, learned),
            Param("beta", shape, getattr(spec, beta), learned),
        ]
        if self.running or self.moving:
            found += [Param("mean", shape, learned=False), Param("var", shape, float(self.running), learned=False)]
        return found

    @property
    def plain(self):
        """Whether gamma and beta are all there is."""
        return self.spec.bn_mode == INFERENCE

    @property
    def stored(self):
        """Whether the running average is used, rather than the statistics of this batch."""
        spec = self.spec
        return (self.running and (self.phase == TEST or spec.frozen)) or (self.phase == TEST and spec.moving_average)

    @property
    def eps(self):
        return self.spec.eps if self.running else self.spec.var_eps if self.moving else SEGNET_EPS

    def forward(self, emit, x, y):
        N, C, S = sizes = self.channels(x.shape)
        gamma, beta, *average = (param.seen(C) for param in emit.params)
        tasks, seen, tops = affine.rows(*sizes), x.seen(*sizes), y.seen(*sizes)
        if self.plain:
            if emit.wants(emit.params[0]):
                emit.save("x", x)
            emit(affine.affine, seen, gamma, beta, tops, tasks=tasks)
            return
        mean, var = average if self.stored else (emit.scratch(C), emit.scratch(C))
        if not self.stored:
            emit(kernels.moments, seen, mean, var, emit.scratch(C, dtype="float64"), tasks=C)
            m, spec = N * S, self.spec
            if average and self.phase != TEST and m:  # nothing has no statistics
                keep, unbias = (spec.momentum, m / max(m - 1, 1)) if self.running else (1 - spec.decay, 1)
                emit(kernels.average, mean, var, *average, keep, unbias)
        inv_std, normal = emit.keep("inv_std", C), emit.keep("normal", *sizes)
        emit(kernels.invert, var, inv_std, self.eps, 0)
        emit(kernels.normalize, seen, mean, inv_std, normal, tasks=tasks)
        emit(affine.affine, normal, gamma, beta, tops, tasks=tasks)

    def backward(self, emit, y, x):
        sizes = self.channels(x.shape)
        N, C, S = sizes
        (gamma, beta), dy = emit.params[:2], y.diff.seen(*sizes)
        if self.plain or self.stored:
            self.backward_by_constants(emit, dy, sizes, x)
            return
        normal, (first, second) = emit.saved("normal"), (emit.scratch(C), emit.scratch(C))
        emit(kernels.grad_means, dy, normal, first, second, emit.scratch(2, C, dtype="float64"), tasks=C)
        for param, mean in (beta, first), (gamma, second):
            if emit.wants(param) and N * S:
                emit(pointwise.axpy, mean, param.diff.seen(C), N * S, tasks=pointwise.tasks((C,)))
        if emit.wants(x):
            factor = emit.scratch(C)
            emit(eltwise.multiply, gamma.seen(C), emit.saved("inv_std"), factor, tasks=pointwise.tasks((C,)))
            known = dy, normal, first, second, factor
            emit(kernels.normalize_grad, *known, x.diff.seen(*sizes), tasks=affine.rows(*sizes))

    def backward_by_constants(self, emit, dy, sizes, x):
        """Where neither mean nor deviation is of this batch."""
        (gamma, beta), C, tasks = emit.params[:2], sizes[1], affine.rows(*sizes)
        if emit.wants(beta):
            emit(affine.shift_grad, dy, beta.diff.seen(C), emit.scratch(C, dtype="float64"), 1, tasks=C)
        if emit.wants(gamma):
            known = emit.saved("x").seen(*sizes) if self.plain else emit.saved("normal")
            emit(affine.scale_grad, known, dy, gamma.diff.seen(C), emit.scratch(C, dtype="float64"), 1, tasks=C)
        if emit.wants(x):
            dx = x.diff.seen(*sizes)
            emit(affine.scale, dy, gamma.seen(C), dx, tasks=tasks)
            if self.stored:
                emit(affine.scale, dx, emit.saved("inv_std"), dx, tasks=tasks)
