"""Embed: a table of input_dim rows of num_output numbers, looked up by index: y[i] = w[index[i]] + b.

Indices are float32 numbers from 0 to input_dim - 1, of any shape; the top has one axis more.
"""

from protonet.errors import NetError
from protonet.kernels import affine, labels
from protonet.kernels import rows as kernels
from protonet.layers.base import Layer, Param, register


@register("Embed", spec="embed_param")
class Embed(Layer):
    no_gradient = (0,)

    def params(self, index):
        for name in ("num_output", "input_dim"):
            if not getattr(self.spec, name):
                raise NetError(f"embed_param needs {name}, at least 1")
        K = self.spec.num_output
        weight = Param("weight", (self.spec.input_dim, K), self.spec.weight_filler)
        return [weight, Param("bias", (K,), self.spec.bias_filler)][: 1 + self.spec.bias_term]

    def infer(self, index):
        return [(*index, self.spec.num_output)]

    def forward(self, emit, index, y):
        (w, *bias), K, n = emit.params, self.spec.num_output, self.spec.input_dim
        fault = emit.fault(f"index {{value}} (number {{index}}) is no row of the table: they are 0 to {n - 1}")
        emit(labels.check, index, fault, n, labels.NO_LABEL)
        emit(kernels.pick, w, index, y.seen(index.count, K), tasks=kernels.tasks(K))
        for b in bias:
            seen = y.seen(index.count, K, 1)
            emit(affine.shift, seen, b, seen, tasks=index.count)

    def backward(self, emit, y, index):
        (w, *bias), K = emit.params, self.spec.num_output
        if emit.wants(w):
            emit(kernels.pick_grad, y.diff.seen(index.count, K), index, w.diff, tasks=kernels.tasks(K))
        for b in filter(emit.wants, bias):
            seen = y.diff.seen(index.count, K, 1)
            emit(affine.shift_grad, seen, b.diff, emit.scratch(K, dtype="float64"), 1, tasks=K)
