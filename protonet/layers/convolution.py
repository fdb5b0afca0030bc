"""Convolution: y[n, k, p] = b[k] + sum over c, t of w[k, c, t] * x[n, c, position(p) + offset(t)], 0 outside.

Over any number of spatial axes, those after `axis`; what is before it are images.  `group` cuts channels and
outputs into as many independent parts.  Several bottoms give as many tops, by the same weights.  Outputs are
rounded down, where Pooling's are rounded up. arXiv:1603.07285 draws all of it.
"""

from math import gcd, prod

from protonet.errors import NetError, ShapeError
from protonet.kernels import activation, pointwise
from protonet.layers import convolve, spatial
from protonet.layers.base import Layer, Param, axis_of, register

QUANTISED = dict(input_scale=1, output_scale=1, saturate=0)
REFUSED = "shape_offset", "dis_mode", "gen_mode"


@register("Convolution", spec="convolution_param")
class Convolution(Layer):
    """Subclasses of the same parameters say what differs."""

    bottoms, tops = (1, None), (1, None)

    def check_counts(self):
        super().check_counts()
        bottoms, tops = len(self.param.bottom), len(self.param.top)
        if bottoms != tops:
            raise NetError(f"gives one top per bottom, found {bottoms} bottoms and {tops} tops")
        for name, plain in QUANTISED.items():
            if getattr(self.spec, name) != plain:
                raise NetError(f"{name} is for quantised nets, which are not supported")
        if self.spec.relu and self.spec.negative_slope < 0:
            raise NetError(f"negative_slope must be at least 0 beside relu: true, found {self.spec.negative_slope:g}")
        for name in REFUSED:
            if getattr(self.spec, name):
                raise NetError(f"{name} is not supported")

    def channels(self, x):
        """(axis, group) for bottoms of this shape, checked."""
        axis, K, G = axis_of(self.spec.axis, x), self.spec.num_output, self.spec.group
        if K < 1:
            raise ShapeError("num_output must be at least 1, found none or 0")
        if G < 1:
            raise ShapeError(f"group must be at least 1, found {G}")
        for what, n in ((f"{x[axis]} channels", x[axis]), (f"num_output {K}", K)):
            if n % G or n == 0:
                raise ShapeError(f"group {G} does not divide {what}{divisors(gcd(K, x[axis]))}")
        return axis, G

    def weights(self, x):
        """The shape of the weights."""
        axis, G = self.channels(x)
        return (self.spec.num_output, x[axis] // G, *spatial.window(self.spec, x[axis + 1 :]).kernel)

    def params(self, x, *others):
        learned = not self.spec.weight_fixed
        found = [Param("weight", self.weights(x), self.spec.weight_filler, learned)]
        bias = Param("bias", (self.spec.num_output,), self.spec.bias_filler, learned)
        return [*found, bias] if self.spec.bias_term else found

    def outputs(self, window, sizes):
        """The map of a top."""
        return window.outputs(sizes)

    def infer(self, x, *others):
        axis, _ = self.channels(x)
        for other in others:
            if other != x:
                raise ShapeError(f"bottoms must have one shape, found {x} and {other}")
        out = self.outputs(spatial.window(self.spec, x[axis + 1 :]), x[axis + 1 :])
        return [(*x[:axis], self.spec.num_output, *out)] * (1 + len(others))

    def map(self, x, y):
        """What the kernels see, from the shapes of a bottom and its top."""
        axis, G = self.channels(x)
        window = spatial.window(self.spec, x[axis + 1 :])
        sides = x[axis] // G, y[axis] // G, x[axis + 1 :], y[axis + 1 :]
        return convolve.convolution(window, prod(x[:axis]), G, *sides)

    def forward(self, emit, *blobs):
        w, *bias = emit.params
        for i, (x, y) in enumerate(pairs(blobs)):
            if emit.wants(w):
                emit.save(f"x{i}", x)
            self.product(emit, self.map(x.shape, y.shape), w, bias[0] if bias else None, x, y)
            if self.spec.relu:
                self.relu(emit, y)
                emit.save(f"signs{i}", y)

    def backward(self, emit, *blobs):
        w, *bias = emit.params
        for i, (y, x) in enumerate(pairs(blobs)):
            m, dy = self.map(x.shape, y.shape), self.before_relu(emit, i, y)
            if emit.wants(w):
                self.weight_gradient(emit, m, emit.saved(f"x{i}"), dy, w.diff)
            for b in filter(emit.wants, bias):
                convolve.bias_gradient(emit, dy, b.diff, m.N, b.count)
            if emit.wants(x):
                self.data_gradient(emit, m, w, dy, x.diff)

    product = staticmethod(convolve.forward)
    weight_gradient = staticmethod(convolve.weight_gradient)
    data_gradient = staticmethod(convolve.data_gradient)

    def relu(self, emit, y):
        slope, tasks = self.spec.negative_slope, pointwise.tasks(y.shape)
        if slope == 0:
            emit(activation.relu, y, y, tasks=tasks)
        else:
            emit(activation.leaky, y, y, slope, tasks=tasks)

    def before_relu(self, emit, i, y):
        """The gradient at what Intel's `relu: true` works on."""
        if not self.spec.relu:
            return y.diff
        slope, dy = self.spec.negative_slope, emit.scratch(*y.shape)
        emit(activation.leaky_grad, emit.saved(f"signs{i}"), y.diff, dy, slope, tasks=pointwise.tasks(y.shape))
        return dy

    def macs(self, bottoms, tops):
        return sum(prod(y) * prod(self.weights(x)[1:]) for x, y in zip(bottoms, tops, strict=True))


def pairs(blobs):
    """Bottoms with their tops, or tops with their bottoms."""
    half = len(blobs) // 2
    return zip(blobs[:half], blobs[half:], strict=True)


def divisors(n):
    few = [d for d in range(1, n + 1) if n % d == 0][:8]
    return f": use {', '.join(map(str, few))}" if few else ""
