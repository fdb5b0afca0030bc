"""MarginInnerProduct: an inner product by unit weights, in which a vector's own class must win by an angle (A-Softmax).

    y = x @ w', |w| = 1; at the label (|x| * psi(angle) + lambda * y) / (1 + lambda)        arXiv:1704.08063

psi is the cosine of 1, 2, 3 or 4 times the angle (SINGLE to QUADRUPLE), made to fall; kernels/margin.py writes it out.
lambda = max(base * (1 + gamma * iteration) ** -power, lambda_min) is the second top.  Blob: w (num_output, A).

The surprises, of margin_inner_product_layer of wy1iu/sphereface, which this follows: in TRAIN forward scales the stored
w to unit length; its gradient is that of a plain inner product; and what goes down at the label has its direction from
the gradient, but length 1.
"""

from math import prod

from protonet.errors import ShapeError
from protonet.kernels import margin as kernels
from protonet.kernels import pointwise
from protonet.kernels.labels import NO_LABEL
from protonet.layers.base import TRAIN, Layer, Param, axis_of, register
from protonet.layers.loss import check_labels
from protonet.layers.matrix import product


@register("MarginInnerProduct", spec="margin_inner_product_param")
class MarginInnerProduct(Layer):
    bottoms, tops, no_gradient = 2, (1, 2), (1,)

    def sizes(self, x, label):
        """(axis, M, A, K)."""
        axis, K = axis_of(self.spec.axis, x), self.spec.num_output
        M = prod(x[:axis])
        if K < 1:
            raise ShapeError("num_output must be at least 1, found none or 0")
        if prod(label) != M:
            raise ShapeError(f"expected {M} labels, one for each vector of {x}, found shape {label}")
        return axis, M, prod(x[axis:]), K

    def params(self, x, label):
        _, _, A, K = self.sizes(x, label)
        return [Param("weight", (K, A), self.spec.weight_filler)]

    def infer(self, x, label):
        axis, _, _, K = self.sizes(x, label)
        return [(*x[:axis], K), (1,)][: len(self.param.top)]

    @property
    def times(self):
        """Of the angle."""
        return self.spec.type + 1

    def unit(self, emit, w):
        """Where the scaled weights are: in TEST the stored ones stay as they are."""
        return w if self.phase == TRAIN else emit.keep("unit", *w.shape)

    def forward(self, emit, x, label, y, *shown):
        _, M, A, K = self.sizes(x.shape, label.shape)
        (w,), spec = emit.params, self.spec
        rate, slopes = emit.scratch(1), emit.keep("slopes", M, 2)
        check_labels(emit, label, K, NO_LABEL)
        emit.save("x", x)
        unit = self.unit(emit, w)
        if unit is not w:
            emit(pointwise.copy, w, unit, tasks=pointwise.tasks(w.shape))
        emit(kernels.unit_rows, unit, tasks=K)
        words = spec.base, spec.gamma, spec.power, spec.lambda_min, spec.iteration
        emit(kernels.schedule, rate, shown[0] if shown else emit.scratch(1), emit.random, *words)
        product(emit, x, unit, y, M, K, A, (False, True))
        emit(kernels.margin, x.seen(M, A), label.seen(M), rate, y.seen(M, K), slopes, self.times, tasks=M)

    def backward(self, emit, y, *rest):
        x, label = rest[-2:]
        _, M, A, K = self.sizes(x.shape, label.shape)
        (w,), dy, saved = emit.params, y.diff.seen(M, K), emit.saved("x").seen(M, A)
        if emit.wants(w):
            product(emit, dy, saved, w.diff, K, A, M, (True, False), add=True)
        if emit.wants(x):
            labels, slopes, g = label.seen(M), emit.saved("slopes"), emit.scratch(M, K)
            emit(kernels.margin_grad, dy, labels, slopes, g, tasks=M)
            product(emit, g, self.unit(emit, w), x.diff, M, A, K)
            emit(kernels.add_own, saved, dy, labels, slopes, x.diff.seen(M, A), tasks=M)

    def macs(self, bottoms, tops):
        return prod(bottoms[0]) * self.spec.num_output
