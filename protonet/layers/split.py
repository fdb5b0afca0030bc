"""Split: tops that all are the bottom; their gradients are added.  Nets insert one where a blob has several readers."""

from protonet.kernels import pointwise
from protonet.layers.base import Layer, register
from protonet.layers.memory import pass_on


@register("Split")
class Split(Layer):
    tops, shares = (1, None), "data"

    def infer(self, x):
        return [x] * len(self.param.top)

    def forward(self, emit, x, *ys):
        for y in ys:
            pass_on(emit, x, y)

    def backward(self, emit, *blobs):
        *ys, x = blobs
        diffs = [y.diff for y in ys if y.diff is not None]
        if not emit.wants(x):
            return
        if not diffs:
            emit(pointwise.fill, x.diff, 0.0, tasks=pointwise.tasks(x.shape))
        elif len(diffs) == 1:
            pass_on(emit, diffs[0], x.diff)
        for i, dy in enumerate(diffs[1:]):
            emit(pointwise.add, x.diff if i else diffs[0], dy, x.diff, tasks=pointwise.tasks(x.shape))
