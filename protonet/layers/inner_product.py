"""InnerProduct: y (M, K) = x (M, D) @ w' + b, for w (K, D), or (D, K) with `transpose`.

All axes from `axis` on are flattened to D; those before it are kept, and K comes behind them.
"""

from math import prod

from protonet.errors import NetError, ShapeError
from protonet.layers import convolve
from protonet.layers.base import Layer, Param, axis_of, register
from protonet.layers.matrix import product

REFUSED = "dis_mode", "gen_mode"


@register("InnerProduct", spec="inner_product_param")
class InnerProduct(Layer):
    def check_counts(self):
        super().check_counts()
        if self.spec.output_scale != 1:
            raise NetError("output_scale is for quantised nets, which are not supported")
        for name in REFUSED:
            if getattr(self.spec, name):
                raise NetError(f"{name} is not supported")

    def sizes(self, x):
        """(axis, D, K)."""
        axis, K = axis_of(self.spec.axis, x), self.spec.num_output
        if K < 1:
            raise ShapeError("num_output must be at least 1, found none or 0")
        return axis, prod(x[axis:]), K

    def params(self, x):
        _, D, K = self.sizes(x)
        learned, spec = not self.spec.weight_fixed, self.spec
        found = [Param("weight", (D, K) if spec.transpose else (K, D), spec.weight_filler, learned)]
        return [*found, Param("bias", (K,), spec.bias_filler, learned)] if spec.bias_term else found

    def infer(self, x):
        axis, _, K = self.sizes(x)
        return [(*x[:axis], K)]

    def forward(self, emit, x, y):
        w, *bias = emit.params
        axis, D, K = self.sizes(x.shape)
        M = prod(x.shape[:axis])
        if emit.wants(w):
            emit.save("x", x)
        turned = False, not self.spec.transpose
        product(emit, x, w, y, M, K, D, turned, bias=bias[0] if bias else None)

    def backward(self, emit, y, x):
        w, *bias = emit.params
        axis, D, K = self.sizes(x.shape)
        M, dy = prod(x.shape[:axis]), y.diff
        if emit.wants(w):
            saved = emit.saved("x")
            if self.spec.transpose:
                product(emit, saved, dy, w.diff, D, K, M, turned=(True, False), add=True)
            else:
                product(emit, dy, saved, w.diff, K, D, M, turned=(True, False), add=True)
        for b in filter(emit.wants, bias):
            convolve.bias_gradient(emit, dy, b.diff, M, K)
        if emit.wants(x):
            product(emit, dy, w, x.diff, M, D, K, turned=(False, self.spec.transpose))

    def macs(self, bottoms, tops):
        (x,) = bottoms
        return prod(x) * self.spec.num_output
