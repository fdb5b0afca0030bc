"""ArgMax: where the top_k largest numbers are, along `axis`, or over all of each image.

With out_max_val their values are given: instead of the places along an axis, after them without one, where the top is
(N, 1 or 2, top_k, ...).  Of equal numbers the last comes first, as in Caffe.  There is no gradient.
"""

from protonet.errors import ShapeError
from protonet.kernels import argmax as kernels
from protonet.kernels.softmax import tasks
from protonet.layers.base import Layer, axis_of, register
from protonet.layers.memory import three


@register("ArgMax", spec="argmax_param")
class ArgMax(Layer):
    no_gradient, refused = (0,), ("min_first",)

    def parts(self, x):
        """x's shape as (outer, compared, inner)."""
        if self.spec.HasField("axis"):
            return three(x, axis_of(self.spec.axis, x))
        if not x:
            raise ShapeError("expected images (N, ...), found a scalar: give its one number an axis")
        return three(x, 1, len(x))

    def infer(self, x):
        k, n = self.spec.top_k, self.parts(x)[1]
        if not 1 <= k <= n:
            raise ShapeError(f"top_k is from 1 to the {n} numbers that are compared, found {k}")
        if self.spec.HasField("axis"):
            axis = axis_of(self.spec.axis, x)
            return [(*x[:axis], k, *x[axis + 1 :])]
        return [(x[0], 2 if self.spec.out_max_val else 1, k, *[1] * (len(x) - 3))]

    def forward(self, emit, x, y):
        O, C, S = self.parts(x.shape)
        k, values = self.spec.top_k, self.spec.out_max_val
        instead = values and self.spec.HasField("axis")
        rows = (-1, 0) if instead else (0, k if values else -1)
        seen = x.seen(O, C, S), y.seen(O, y.count // max(1, O * S), S)
        if k == 1:
            emit(kernels.largest, *seen, emit.scratch(O, S), *rows, tasks=tasks(O, S))
        else:
            emit(kernels.argmax, *seen, k, *rows, tasks=tasks(O, S), private=kernels.private(k))
