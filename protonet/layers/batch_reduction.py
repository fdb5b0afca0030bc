"""BatchReduction: rows along an axis summed or averaged (reduction_param) by groups: level l is l * l rows that follow.

Without levels, or with one of 1, all rows are one group, and the axis goes; else it has as many as there are levels.
Fork: batch_reduction_layer.cpp of hszhao/PSPNet (and TSN), which has SUM and MEAN alone, and whose axis is 0 unless
told otherwise; reduction_param's coeff is not read there, and refused here.
"""

from protonet.errors import NetError, ShapeError
from protonet.kernels import levels as kernels
from protonet.layers.base import Layer, axis_of, register
from protonet.layers.memory import three


@register("BatchReduction", spec="batch_reduction_param")
class BatchReduction(Layer):
    refused = ("pos",)

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        how = self.spec.reduction_param
        if how.operation not in (how.SUM, how.MEAN) or how.coeff != 1 or how.keep_dim:
            raise NetError("reduction_param has operation SUM or MEAN and an axis, no coeff or keep_dim")
        if min(self.spec.level, default=1) < 1:
            raise NetError(f"each level is at least 1, found {list(self.spec.level)}")

    def groups(self, x):
        """(axis, rows of each group)."""
        axis = axis_of(self.spec.reduction_param.axis, x)
        levels = list(self.spec.level) or [1]
        if levels == [1]:
            return axis, [x[axis]]
        counts = [level * level for level in levels]
        if sum(counts) != x[axis]:
            raise ShapeError(f"levels {levels} are of {sum(counts)} rows along axis {axis}, found {x}")
        return axis, counts

    def infer(self, x):
        axis, counts = self.groups(x)
        stays = (len(counts),) if list(self.spec.level) not in ([], [1]) else ()
        return [(*x[:axis], *stays, *x[axis + 1 :])]

    def sizes(self, x):
        """(outer, groups, rows, inner) counts."""
        axis, counts = self.groups(x)
        O, A, S = three(x, axis)
        return O, len(counts), A, S

    def steps(self, x):
        """(level, first row, rows, factor) of each group."""
        start, how = 0, self.spec.reduction_param
        for level, count in enumerate(self.groups(x)[1]):
            yield level, start, count, 1 / max(1, count) if how.operation == how.MEAN else 1.0
            start += count

    def forward(self, emit, x, y):
        O, L, A, S = self.sizes(x.shape)
        for step in self.steps(x.shape):
            emit(kernels.sum_rows, x.seen(O, A, S), y.seen(O, L, S), *step, tasks=O)

    def backward(self, emit, y, x):
        O, L, A, S = self.sizes(x.shape)
        for step in self.steps(x.shape) if emit.wants(x) else ():
            emit(kernels.spread_rows, y.diff.seen(O, L, S), x.diff.seen(O, A, S), *step, tasks=O)
