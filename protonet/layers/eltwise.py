"""Eltwise: the sum, weighted by coeff, the product or the maximum of bottoms of one shape.

The gradient of a maximum goes to one bottom alone: of two equal ones to the second, of more to the one that was there
first.  That of a product multiplies the other bottoms; `stable_prod_grad: false` divides the product, which fails at 0.

Synopsys (eltwise_layer.cpp of foss-for-synopsys-dwc-arc-processors/synopsys-caffe) has MIN as well, and DIV of two
bottoms, which has no gradient; and its second bottom may have fewer axes, those of the first from `axis` on: it is then
spread over the others.  (There, only forward; here its gradient is summed over them.)

The surprise: a sum in place lacks bottom 0, as in Caffe, which empties the top first.  Its gradient is that of a sum.
"""

import logging
from math import prod

from protonet.errors import NetError, ShapeError
from protonet.kernels import affine, eltwise_forks, pointwise
from protonet.kernels import eltwise as kernels
from protonet.kernels.pointwise import tasks
from protonet.layers.base import Layer, axis_of, register
from protonet.layers.memory import pass_on
from protonet.layers.strides import part

log = logging.getLogger(__name__)
PROD, SUM, MAX, DIV, MIN = range(5)


@register("Eltwise", spec="eltwise_param")
class Eltwise(Layer):
    bottoms, in_place = (2, None), True
    forgets = False  # a sum in place, or what Caffe's own Eltwise does not do: passes and blocks leave it alone

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        n, coeff = len(param.bottom), self.spec.coeff
        if self.spec.operation == DIV and n != 2:
            raise NetError(f"DIV divides the first bottom by the second: found {n} bottoms")
        if coeff and self.spec.operation != SUM:
            raise NetError("coeff is for operation SUM alone: drop it, or put Power layers before")
        if coeff and len(coeff) != n:
            raise NetError(f"coeff is given once for each bottom, or not at all: found {len(coeff)} for {n} bottoms")
        self.coeff = list(coeff) or [1.0] * n
        self.empties = self.spec.operation == SUM and param.bottom[0] == param.top[0]
        self.forgets = self.empties or self.spec.operation > MAX
        if self.empties:
            log.warning(
                "layer '%s': a sum in place lacks bottom '%s', as in Caffe: name the top apart", self.name, param.top[0]
            )

    def infer(self, *shapes):
        first, second, *_ = shapes
        for i, shape in enumerate(shapes):
            if shape != first and (i != 1 or self.spread(first, second) is None):
                raise ShapeError(f"the bottoms must have one shape: bottom 0 has {first}, bottom {i} has {shape}")
        self.forgets = self.forgets or second != first
        return [first]

    def spread(self, first, second):
        """(outer, those of the second bottom, inner) counts; None where it is not some axes of the first."""
        axis = axis_of(self.spec.axis, first) if first else 0
        end = axis + len(second)
        return (prod(first[:axis]), prod(second), prod(first[end:])) if first[axis:end] == second else None

    def whole(self, emit, x, y, wanted):
        """The second bottom, as large as the first."""
        if x.shape == y.shape:
            return x
        full = emit.keep("x1", *y.shape) if wanted else emit.scratch(*y.shape)
        part(emit, x, full, 0, self.spread(y.shape, x.shape), (0, 1, 0))
        return full

    def save(self, emit, xs):
        """Keep the bottoms for backward; a second one that was spread is kept as that."""
        for i, x in enumerate(xs):
            if i != 1 or x.shape == xs[0].shape:
                emit.save(f"x{i}", x)

    def forward(self, emit, *blobs):
        *xs, y = blobs
        wanted, n = any(map(emit.wants, xs)), tasks(y.shape)
        if self.spec.operation == DIV and wanted:
            raise NetError("DIV has no gradient: divide by a Power layer with power: -1, and multiply")
        first, second, *others = (
            xs[0],
            self.whole(emit, xs[1], y, wanted and self.spec.operation in (PROD, MAX)),
            *xs[2:],
        )
        if self.spec.operation == SUM:
            p, q, *r = self.coeff
            if self.empties:
                emit(pointwise.scale, second, y, q, tasks=n)
            else:
                emit(kernels.weighted, first, second, y, p, q, tasks=n)
            for x, c in zip(others, r, strict=True):
                emit(kernels.weighted, y, x, y, 1.0, c, tasks=n)
        elif self.spec.operation == PROD:
            self.save(emit, xs if wanted else [])
            emit(kernels.multiply, first, second, y, tasks=n)
            for x in others:
                emit(kernels.multiply, y, x, y, tasks=n)
            if wanted and not self.spec.stable_prod_grad:
                emit.save("y", y)
        elif self.spec.operation == DIV:
            emit(eltwise_forks.divide, first, second, y, tasks=n)
        elif self.spec.operation == MIN:
            which = emit.keep("which", y.count, dtype="int32")
            emit(eltwise_forks.first_minimum, first, second, y, which, tasks=n)
            for i, x in enumerate(others, start=2):
                emit(eltwise_forks.next_minimum, x, y, which, i, tasks=n)
        elif wanted and others:
            which = emit.keep("which", y.count, dtype="int32")
            emit(kernels.first_maximum, first, second, y, which, tasks=n)
            for i, x in enumerate(others, start=2):
                emit(kernels.next_maximum, x, y, which, i, tasks=n)
        else:
            self.save(emit, xs if wanted else [])
            emit(kernels.maximum, first, second, y, tasks=n)
            for x in others:
                emit(kernels.maximum, x, y, y, tasks=n)

    def backward(self, emit, y, *xs):
        for i, x in reversed(list(enumerate(xs))):  # bottom 0 last: its gradient may be the top's own memory
            if emit.wants(x) and x.shape == y.shape:
                self.backward_to(emit, y, x.diff, i, len(xs))
            elif emit.wants(x):
                (O, A, S), full = self.spread(y.shape, x.shape), emit.scratch(*y.shape)
                self.backward_to(emit, y, full, i, len(xs))
                sums = emit.scratch(A, dtype="float64")
                emit(affine.shift_grad, full.seen(O, A, S), x.diff.seen(A), sums, 0, tasks=A)

    def backward_to(self, emit, y, dx, i, bottoms):
        n, operation = tasks(y.shape), self.spec.operation
        if operation == MAX and bottoms == 2:
            known = emit.saved("x0"), emit.saved("x1"), y.diff
            emit(kernels.maximum_of_two_grad, *known, dx, i, tasks=n)
        elif operation in (MAX, MIN):
            emit(kernels.maximum_grad, emit.saved("which"), y.diff, dx, i, tasks=n)
        elif operation == PROD and self.spec.stable_prod_grad:
            dy = y.diff
            for j in range(bottoms):
                if j != i:
                    emit(kernels.multiply, dy, emit.saved(f"x{j}"), dx, tasks=n)
                    dy = dx
        elif operation == PROD:
            emit(kernels.quotient_grad, emit.saved(f"x{i}"), emit.saved("y"), y.diff, dx, tasks=n)
        elif self.coeff[i] == 1:
            pass_on(emit, y.diff, dx)
        else:
            emit(pointwise.scale, y.diff, dx, self.coeff[i], tasks=n)
