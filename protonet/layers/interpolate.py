"""Maps read between their numbers, which Resize, Interp and BilinearInterpolate share, or in a frame: the paddings."""

from dataclasses import astuple, dataclass

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


def emit_reading(emit, x, y, reading):
    seen = maps(x.shape)
    emit(kernels.bilinear, x.seen(*seen), y.seen(*maps(y.shape)), *astuple(reading), tasks=seen[0])


def emit_grad(emit, y, x, reading):
    seen = maps(x.shape)
    emit(kernels.bilinear_grad, y.diff.seen(*maps(y.shape)), x.diff.seen(*seen), *astuple(reading), tasks=seen[0])


def emit_reframed(emit, x, y, top, left, value=0):
    """y <- x, that many rows lower and columns further right, `value` around it."""
    (R, *size), (_, P, Q) = maps(x.shape), maps(y.shape)
    group, tasks = margins.cut(R, P, Q)
    emit(margins.reframe, x.seen(R, *size), y.seen(R, P, Q), top, left, value, group, tasks=tasks)
