"""Correlation: how alike each place of one map is to the places of another around it, one channel a displacement.

    bottoms   two maps (N, C, H, W)
    top       (N, E * E, P, Q), E = 2 * (max_displacement / stride_2) + 1: rows of displacements, top left first

The mean over channels and a window of kernel_size, of the products; maps are padded by `pad`, and windows that with
their displacements lie inside are taken every stride_1 pixels.  arXiv:1504.06852; correlation_layer.cu of
lmb-freiburg/flownet2.  The surprise: SUBTRACT is not done here, and do_abs is read by no version.
"""

from protonet.errors import NetError, ShapeError
from protonet.kernels import correlate as kernels
from protonet.layers.base import Layer, register
from protonet.layers.interpolate import emit_reframed
from protonet.layers.strides import turned

LAST, SECOND = (0, 2, 3, 1), (0, 3, 1, 2)


@register("Correlation", spec="correlation_param")
class Correlation(Layer):
    bottoms, refused = 2, ("correlation_type", "single_direction")

    def __init__(self, param, phase=0):
        super().__init__(param, phase)
        spec = self.spec
        if not spec.HasField("max_displacement") or spec.kernel_size % 2 != 1:
            raise NetError("correlation_param needs max_displacement and an odd kernel_size")
        if min(spec.stride_1, spec.stride_2) < 1:
            raise NetError(f"stride_1 and stride_2 are at least 1, found {spec.stride_1} and {spec.stride_2}")

    @property
    def displacements(self):
        """Along an axis."""
        return 2 * (self.spec.max_displacement // self.spec.stride_2) + 1

    def infer(self, x, z):
        spec = self.spec
        if len(x) != 4 or z != x:
            raise ShapeError(f"expected two maps of one shape (N, C, H, W), found {x} and {z}")
        border = 2 * (spec.max_displacement + spec.kernel_size // 2 - spec.pad)
        high, wide = (-(-(n - border) // spec.stride_1) for n in x[2:])
        if min(high, wide) < 1:
            raise ShapeError(f"maps of {x[2]} x {x[3]} are too small for max_displacement {spec.max_displacement}")
        return [(x[0], self.displacements**2, high, wide)]

    def words(self):
        spec = self.spec
        return spec.kernel_size, spec.max_displacement, spec.stride_1, spec.stride_2, self.displacements

    def across(self, emit, x):
        """A map padded, with channels last."""
        (N, C, H, W), pad = x.shape, self.spec.pad
        wide, found = emit.scratch(N, C, H + 2 * pad, W + 2 * pad), emit.scratch(N, H + 2 * pad, W + 2 * pad, C)
        emit_reframed(emit, x, wide, pad, pad)
        turned(emit, wide, found, wide.shape, LAST)
        return found

    def forward(self, emit, x, z, y):
        for name, blob, other in ("x", x, z), ("z", z, x):
            if emit.wants(other):
                emit.save(name, blob)
        rows = y.shape[0] * y.shape[2]
        emit(kernels.correlate, self.across(emit, x), self.across(emit, z), y, *self.words(), tasks=rows)

    def backward(self, emit, y, x, z):
        for sign, blob, name in (1, x, "z"), (-1, z, "x"):
            if emit.wants(blob):
                other = self.across(emit, emit.saved(name))
                N, H, W, C = other.shape
                found, wide = emit.scratch(N, H, W, C), emit.scratch(N, C, H, W)
                emit(kernels.correlate_grad, y.diff, other, found, sign, *self.words(), tasks=N)
                turned(emit, found, wide, found.shape, SECOND)
                emit_reframed(emit, wide, blob.diff, -self.spec.pad, -self.spec.pad)
