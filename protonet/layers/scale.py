"""Scale: y = gamma * x + beta, gamma and beta spread over the axes that they do not have.

gamma is a parameter, or a second bottom.  It has the axes of x from `axis` on, `num_axes` of them (-1: all the rest; 0:
one number).  With two bottoms its own shape says how many.  The usual use is after BatchNorm, one gamma a channel.
"""

from protonet.errors import ShapeError
from protonet.kernels import affine as kernels
from protonet.layers.base import Layer, Param, axis_of, register
from protonet.layers.memory import three


def covered(spec, shape):
    """The part of x's shape that a parameter of Scale or Bias has."""
    axis = axis_of(spec.axis, shape)
    if spec.num_axes < -1:
        raise ShapeError(f"num_axes is -1 (all that follow) or more, found {spec.num_axes}")
    end = len(shape) if spec.num_axes == -1 else axis + spec.num_axes
    if end > len(shape):
        raise ShapeError(f"axis {axis} and {spec.num_axes} axes from it do not fit a blob of shape {shape}")
    return shape[axis:end]


def spread(spec, x, a):
    """x's shape as (outer, elements of a, inner).  Refuses an a whose axes are not those of x from `axis` on."""
    axis = axis_of(spec.axis, x) if a else 0
    if x[axis : axis + len(a)] != a:
        raise ShapeError(f"the factors of shape {a} do not match x of shape {x} from axis {axis} on")
    return three(x, axis, axis + len(a))


@register("Scale", spec="scale_param")
class Scale(Layer):
    bottoms, in_place, refused = (1, 2), True, ("dis_mode", "gen_mode")

    def params(self, x, *gamma):
        shape = gamma[0] if gamma else covered(self.spec, x)
        first = self.spec.filler if self.spec.HasField("filler") else 1.0
        params = [] if gamma else [Param("gamma", shape, first)]
        return params + [Param("beta", shape, self.spec.bias_filler)] * self.spec.bias_term

    def infer(self, x, *gamma):
        if gamma:
            spread(self.spec, x, *gamma)
        return [x]

    def forward(self, emit, x, *rest):
        *bottom, y = rest
        blobs = list(bottom) + list(emit.params)
        gamma, beta = blobs[0], blobs[1:]
        N, C, S = spread(self.spec, x.shape, gamma.shape)
        if emit.wants(gamma):
            emit.save("x", x)
        if emit.wants(x):
            emit.save("gamma", gamma)
        seen, kernel = (N, C, S), kernels.affine if beta else kernels.scale
        emit(kernel, x.seen(*seen), gamma, *beta, y.seen(*seen), tasks=kernels.rows(N, C, S))

    def backward(self, emit, y, x, *bottom):
        blobs = list(bottom) + list(emit.params)
        gamma, beta = blobs[0], blobs[1:]
        N, C, S = seen = spread(self.spec, x.shape, gamma.shape)
        dy = y.diff.seen(*seen)
        for b in filter(emit.wants, beta):
            emit(kernels.shift_grad, dy, b.diff, emit.scratch(C, dtype="float64"), 1, tasks=C)
        if emit.wants(gamma):
            add, sums = not bottom, emit.scratch(C, dtype="float64")
            emit(kernels.scale_grad, emit.saved("x").seen(*seen), dy, gamma.diff, sums, add, tasks=C)
        if emit.wants(x):
            emit(kernels.scale, dy, emit.saved("gamma"), x.diff.seen(*seen), tasks=kernels.rows(N, C, S))
