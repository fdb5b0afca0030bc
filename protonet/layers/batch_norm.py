"""BatchNorm: shift and scale each channel to mean 0 and variance 1.

    y = (x - mean) / sqrt(var + eps)            arXiv:1502.03167

The surprise: Caffe stores decayed *sums* of mean and of unbiased variance, and in a third blob the sum of
their weights; what is used in TEST is sum / weight.  Caffe's BatchNorm learns nothing: Scale does that.
"""

from protonet.errors import NetError, ShapeError
from protonet.kernels import affine
from protonet.kernels import batch_norm as kernels
from protonet.layers.base import Layer, Param, register
from protonet.layers.memory import three

STATISTICS = "mean_sum", "var_sum", "weight"


@register("BatchNorm", spec="batch_norm_param")
class BatchNorm(Layer):
    in_place = True

    def params(self, x):
        if len(x) < 2:
            raise ShapeError(f"expected (N, C, ...), found {x}")
        for name, spec in zip(STATISTICS, self.param.param, strict=False):
            if spec.lr_mult != 0:
                raise NetError(f"{name} is a statistic: lr_mult must be 0, not {spec.lr_mult:g}")
        C = x[1]
        return [Param(name, shape, learned=False) for name, shape in zip(STATISTICS, [(C,), (C,), (1,)], strict=True)]

    @property
    def stored(self):
        """Whether the stored statistics are used, rather than those of this batch."""
        return self.spec.use_global_stats if self.spec.HasField("use_global_stats") else self.phase == 1

    def forward(self, emit, x, y):
        N, C, S = three(x.shape, 1)
        mean, var, inv_std = emit.scratch(C), emit.scratch(C), emit.keep("inv_std", C)
        if self.stored:
            emit(kernels.stored, *emit.params, mean, var)
        else:
            m = N * S
            emit(kernels.moments, x, mean, var, emit.scratch(C, dtype="float64"), tasks=C)
            decay, unbias = self.spec.moving_average_fraction, m / max(m - 1, 1)
            emit(kernels.accumulate, mean, var, *emit.params, decay, unbias)
        emit(kernels.invert, var, inv_std, self.spec.eps)
        emit(kernels.normalize, x, mean, inv_std, y, tasks=affine.rows(N, C, S))
        if emit.wants(x) and not self.stored:
            emit.save("y", y)

    def backward(self, emit, y, x):
        if not emit.wants(x):
            return
        N, C, S = three(x.shape, 1)
        inv_std = emit.saved("inv_std")
        if self.stored:
            emit(affine.scale, y.diff, inv_std, x.diff, tasks=affine.rows(N, C, S))
            return
        saved, mean_dy, mean_dy_y = emit.saved("y"), emit.scratch(C), emit.scratch(C)
        emit(kernels.grad_means, y.diff, saved, mean_dy, mean_dy_y, emit.scratch(2, C, dtype="float64"), tasks=C)
        emit(kernels.normalize_grad, y.diff, saved, mean_dy, mean_dy_y, inv_std, x.diff, tasks=affine.rows(N, C, S))
