"""BatchNorm: shift and scale each channel to mean 0 and variance 1.

    y = (x - mean) / sqrt(var + eps)            arXiv:1502.03167

The surprise: Caffe stores decayed *sums* of mean and of unbiased variance, and in a third blob the sum of
their weights; what is used in TEST is sum / weight.  Caffe's BatchNorm learns nothing: Scale does that.

Forks: scale_bias (NVIDIA) and use_weight_bias (Intel) add gamma and beta of its own, blobs 3 and 4;
add_eps_before_sqrt: false (Synopsys) divides by sqrt(var) + eps.
"""

from protonet.errors import NetError, ShapeError
from protonet.kernels import affine
from protonet.kernels import batch_norm as kernels
from protonet.layers.base import TEST, Layer, Param, register
from protonet.layers.memory import three

STATISTICS = "mean_sum", "var_sum", "weight"


@register("BatchNorm", spec="batch_norm_param")
class BatchNorm(Layer):
    in_place = True
    refused = "relu", "stats_batch_size", "update_global_stats", "icnet", "disable_mean", "disable_variance"

    def params(self, x):
        if len(x) < 2:
            raise ShapeError(f"expected (N, C, ...), found {x}")
        for name, spec in zip(STATISTICS, self.param.param, strict=False):
            if spec.lr_mult != 0:
                raise NetError(f"{name} is a statistic: lr_mult must be 0, not {spec.lr_mult:g}")
        C = x[1]
        shapes = (C,), (C,), (1,)
        found = [Param(name, shape, learned=False) for name, shape in zip(STATISTICS, shapes, strict=True)]
        return found + self.learned(C)

    def learned(self, C):
        """gamma and beta of its own, if a fork's flag asks for them."""
        spec = self.spec
        if not (spec.scale_bias or (spec.HasField("use_weight_bias") and spec.use_weight_bias)):
            return []
        filler = next((getattr(spec, n) for n in ("scale_filler", "filler") if spec.HasField(n)), 1.0)
        return [Param("gamma", (C,), filler), Param("beta", (C,), spec.bias_filler)][: 1 + spec.bias_term]

    @property
    def stored(self):
        """Whether the stored statistics are used, rather than those of this batch."""
        return self.spec.use_global_stats if self.spec.HasField("use_global_stats") else self.phase == TEST

    def forward(self, emit, x, y):
        N, C, S = three(x.shape, 1)
        statistics, own = emit.params[:3], emit.params[3:]
        mean, var, inv_std = emit.scratch(C), emit.scratch(C), emit.keep("inv_std", C)
        if self.stored:
            emit(kernels.stored, *statistics, mean, var)
        else:
            m = N * S
            emit(kernels.moments, x, mean, var, emit.scratch(C, dtype="float64"), tasks=C)
            decay, unbias = self.spec.moving_average_fraction, m / max(m - 1, 1)
            if m:  # of nothing there are no statistics: those that are there stay
                emit(kernels.accumulate, mean, var, *statistics, decay, unbias)
        emit(kernels.invert, var, inv_std, self.spec.eps, not self.spec.add_eps_before_sqrt)
        tasks = affine.rows(N, C, S)
        if not own:
            emit(kernels.normalize, x, mean, inv_std, y, tasks=tasks)
            if emit.wants(x) and not self.stored:
                emit.save("normal", y)
            return
        normal = emit.keep("normal", *x.shape)
        emit(kernels.normalize, x, mean, inv_std, normal, tasks=tasks)
        emit(affine.affine if len(own) > 1 else affine.scale, normal, *own, y, tasks=tasks)

    def backward(self, emit, y, x):
        N, C, S = three(x.shape, 1)
        own, dy, tasks = emit.params[3:], y.diff, affine.rows(N, C, S)
        if own:
            self.learn(emit, y, own, C)
        if not emit.wants(x):
            return
        if own:
            emit(affine.scale, dy, own[0], x.diff, tasks=tasks)
            dy = x.diff
        inv_std = emit.saved("inv_std")
        if self.stored:
            emit(affine.scale, dy, inv_std, x.diff, tasks=tasks)
            return
        normal, means = emit.saved("normal"), (emit.scratch(C), emit.scratch(C))
        emit(kernels.grad_means, dy, normal, *means, emit.scratch(2, C, dtype="float64"), tasks=C)
        emit(kernels.normalize_grad, dy, normal, *means, inv_std, x.diff, tasks=tasks)

    def learn(self, emit, y, own, C):
        """The gradients of gamma and beta."""
        gamma, beta = own[0], own[1:]
        for b in filter(emit.wants, beta):
            emit(affine.shift_grad, y.diff, b.diff, emit.scratch(C, dtype="float64"), 1, tasks=C)
        if emit.wants(gamma):
            sums = emit.scratch(C, dtype="float64")
            emit(affine.scale_grad, emit.saved("normal"), y.diff, gamma.diff, sums, 1, tasks=C)
