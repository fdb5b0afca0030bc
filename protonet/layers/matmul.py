"""MatMul: products of matrices, (..., M, K) times (..., K, N), one for each of the axes before.

transpose_a, transpose_b: the first lies as (K, M), the second as (N, K).  Fork: matmul_layer.cpp of Synopsys, which has
no gradient.
"""

from math import prod

from protonet.errors import ShapeError
from protonet.layers.base import Layer, register
from protonet.layers.matrix import product


@register("MatMul", spec="matmul_param")
class MatMul(Layer):
    bottoms, no_gradient = 2, (0, 1)

    def sizes(self, a, b):
        """(products, M, N, K)."""
        if len(a) < 2 or len(a) != len(b) or a[:-2] != b[:-2]:
            raise ShapeError(
                f"expected matrices (..., M, K) and (..., K, N) of the same axes before, found {a} and {b}"
            )
        (K, M) = a[-2:] if self.spec.transpose_a else a[:-3:-1]
        (N, L) = b[-2:] if self.spec.transpose_b else b[:-3:-1]
        if K != L:
            raise ShapeError(f"the first has {K} columns and the second {L} rows: {a} and {b}")
        return prod(a[:-2]), M, N, K

    def infer(self, a, b):
        _, M, N, _ = self.sizes(a, b)
        return [(*a[:-2], M, N)]

    def macs(self, bottoms, tops):
        return prod(self.sizes(*bottoms))

    def forward(self, emit, a, b, y):
        count, M, N, K = self.sizes(a.shape, b.shape)
        turned = self.spec.transpose_a, self.spec.transpose_b
        for i in range(count):
            parts = a.seen(M * K, start=i * M * K), b.seen(K * N, start=i * K * N), y.seen(M * N, start=i * M * N)
            product(emit, *parts, M, N, K, turned)
