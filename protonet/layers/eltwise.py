"""Eltwise: the sum, weighted by coeff, the product or the maximum of bottoms of one shape.

The gradient of a maximum goes to one bottom alone: of two equal ones to the second, of more to the one that was there
first.  That of a product multiplies the other bottoms; `stable_prod_grad: false` divides the product, which fails at 0.

The surprise: a sum in place lacks bottom 0, as in Caffe, which empties the top first.  Its gradient is that of a sum.
"""

import logging

from protonet.errors import NetError, ShapeError
from protonet.kernels import eltwise as kernels
from protonet.kernels import pointwise
from protonet.kernels.pointwise import tasks
from protonet.layers.base import Layer, register
from protonet.layers.memory import pass_on

log = logging.getLogger(__name__)
PROD, SUM, MAX = range(3)


@register("Eltwise", spec="eltwise_param")
class Eltwise(Layer):
    bottoms, in_place, refused = (2, None), True, ("axis",)

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        n, coeff = len(param.bottom), self.spec.coeff
        if self.spec.operation > MAX:
            raise NetError("operation is SUM, PROD or MAX here; DIV and MIN are a fork's")
        if coeff and self.spec.operation != SUM:
            raise NetError("coeff is for operation SUM alone: drop it, or put Power layers before")
        if coeff and len(coeff) != n:
            raise NetError(f"coeff is given once for each bottom, or not at all: found {len(coeff)} for {n} bottoms")
        self.coeff = list(coeff) or [1.0] * n
        self.forgets = self.spec.operation == SUM and param.bottom[0] == param.top[0]
        if self.forgets:
            log.warning(
                "layer '%s': a sum in place lacks bottom '%s', as in Caffe: name the top apart", self.name, param.top[0]
            )

    def infer(self, *shapes):
        for i, shape in enumerate(shapes):
            if shape != shapes[0]:
                raise ShapeError(f"the bottoms must have one shape: bottom 0 has {shapes[0]}, bottom {i} has {shape}")
        return [shapes[0]]

    def forward(self, emit, *blobs):
        *xs, y = blobs
        wanted, n = any(map(emit.wants, xs)), tasks(y.shape)
        first, second, *others = xs
        if self.spec.operation == SUM:
            p, q, *r = self.coeff
            if self.forgets:
                emit(pointwise.scale, second, y, q, tasks=n)
            else:
                emit(kernels.weighted, first, second, y, p, q, tasks=n)
            for x, c in zip(others, r, strict=True):
                emit(kernels.weighted, y, x, y, 1.0, c, tasks=n)
        elif self.spec.operation == PROD:
            for i, x in enumerate(xs if wanted else []):
                emit.save(f"x{i}", x)
            emit(kernels.multiply, first, second, y, tasks=n)
            for x in others:
                emit(kernels.multiply, y, x, y, tasks=n)
            if wanted and not self.spec.stable_prod_grad:
                emit.save("y", y)
        elif wanted and others:
            which = emit.keep("which", y.count, dtype="int32")
            emit(kernels.first_maximum, first, second, y, which, tasks=n)
            for i, x in enumerate(others, start=2):
                emit(kernels.next_maximum, x, y, which, i, tasks=n)
        else:
            for i, x in enumerate(xs if wanted else []):
                emit.save(f"x{i}", x)
            emit(kernels.maximum, first, second, y, tasks=n)
            for x in others:
                emit(kernels.maximum, x, y, y, tasks=n)

    def backward(self, emit, y, *xs):
        for i, x in reversed(list(enumerate(xs))):  # bottom 0 last: its gradient may be the top's own memory
            if emit.wants(x):
                self.backward_to(emit, y, x, i, len(xs))

    def backward_to(self, emit, y, x, i, bottoms):
        n = tasks(y.shape)
        if self.spec.operation == MAX and bottoms == 2:
            known = emit.saved("x0"), emit.saved("x1"), y.diff
            emit(kernels.maximum_of_two_grad, *known, x.diff, i, tasks=n)
        elif self.spec.operation == MAX:
            emit(kernels.maximum_grad, emit.saved("which"), y.diff, x.diff, i, tasks=n)
        elif self.spec.operation == PROD and self.spec.stable_prod_grad:
            dy = y.diff
            for j in range(bottoms):
                if j != i:
                    emit(kernels.multiply, dy, emit.saved(f"x{j}"), x.diff, tasks=n)
                    dy = x.diff
        elif self.spec.operation == PROD:
            emit(kernels.quotient_grad, emit.saved(f"x{i}"), emit.saved("y"), y.diff, x.diff, tasks=n)
        elif self.coeff[i] == 1:
            pass_on(emit, y.diff, x.diff)
        else:
            emit(pointwise.scale, y.diff, x.diff, self.coeff[i], tasks=n)
