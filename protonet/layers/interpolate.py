"""Maps read between their numbers, which Resize, Interp and BilinearInterpolate share, or in a frame: the paddings."""

from dataclasses import dataclass

from protonet.kernels import bilinear as kernels
from protonet.kernels import margins


@dataclass
class Reading:
    """y at (h, w) is x at (ah * h + bh, aw * w + bw); clamp: beyond the ends lies more of the same, not zeros."""

    ah: float
    bh: float
    aw: float
    bw: float
    clamp: bool = True

    @classmethod
    def centred(cls, old, new):
        """Pixels are areas: their middles are aligned."""
        (h, w), (p, q) = old, new
        return cls(h / p, (h / p - 1) / 2, w / q, (w / q - 1) / 2)

    @classmethod
    def cornered(cls, old, new):
        """Pixels are points: the first and the last are aligned."""
        (h, w), (p, q) = old, new
        return cls((h - 1) / (p - 1) if p > 1 else 0, 0, (w - 1) / (q - 1) if q > 1 else 0, 0)


def maps(shape):
    N, C, H, W = shape
    return N * C, H, W


def places(emit, old, new, a, b, clamp):
    """Where an axis is read: (low, share, first) of kernels.places."""
    found = emit.scratch(new, dtype="int64"), emit.scratch(new), emit.scratch(old + 2, dtype="int64")
    emit(kernels.places, *found, a, b, clamp)
    return found


def emit_reading(emit, x, y, reading):
    (R, H, W), (_, P, Q) = maps(x.shape), maps(y.shape)
    h_low, h_share, _ = places(emit, H, P, reading.ah, reading.bh, reading.clamp)
    w_low, w_share, _ = places(emit, W, Q, reading.aw, reading.bw, reading.clamp)
    known = x.seen(R, H, W), h_low, h_share, w_low, w_share
    emit(kernels.bilinear, *known, y.seen(R, P, Q), emit.scratch(R, W + 1), tasks=R)


def emit_grad(emit, y, x, reading):
    (R, H, W), (_, P, Q) = maps(x.shape), maps(y.shape)
    _, h_share, h_first = places(emit, H, P, reading.ah, reading.bh, reading.clamp)
    across = places(emit, W, Q, reading.aw, reading.bw, reading.clamp)
    known = y.diff.seen(R, P, Q), h_share, h_first, *across
    emit(kernels.bilinear_grad, *known, x.diff.seen(R, H, W), emit.scratch(R, 2, Q), tasks=R)


def emit_reframed(emit, x, y, top, left, value=0):
    """y <- x, that many rows lower and columns further right, `value` around it."""
    (R, *size), (_, P, Q) = maps(x.shape), maps(y.shape)
    group, tasks = margins.cut(R, P, Q)
    emit(margins.reframe, x.seen(R, *size), y.seen(R, P, Q), top, left, value, group, tasks=tasks)
