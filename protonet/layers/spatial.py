"""Windows that slide over the spatial axes of a blob: what Convolution, Deconvolution and Im2col mean by
their parameters.

    outputs = (size + before + after - extent) // stride + 1,  extent = dilation * (kernel - 1) + 1,  along each axis

kernel_size, stride, pad and dilation are given once, or once per spatial axis; two axes may also have their
_h and _w.  Forks: `hole` is dilation (DeepLab); pad_l, pad_r, pad_t, pad_b pad each side by itself, and
pad_type 1 is TensorFlow's SAME, which puts an odd pad at the end (Synopsys).
"""

from dataclasses import dataclass

from protonet.errors import ShapeError

SIDES = "pad_t", "pad_l", "pad_b", "pad_r"


@dataclass(frozen=True)
class Window:
    """One number per spatial axis of each; `before` and `after` are the pads of the two ends."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    dilation: tuple[int, ...]

    @property
    def extent(self):
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation, strict=True))

    def outputs(self, sizes):
        """How many windows fit along each axis of a map."""
        ends = zip(self.before, self.after, strict=True)
        padded = [n + b + a for n, (b, a) in zip(sizes, ends, strict=True)]
        for n, size, extent in zip(sizes, padded, self.extent, strict=True):
            if extent > size:
                raise ShapeError(
                    f"a window of {by(self.extent)} does not fit a map of {by(sizes)}{padding(n, size)}: "
                    "make kernel_size smaller or pad larger"
                )
        return tuple((p - e) // s + 1 for p, e, s in zip(padded, self.extent, self.stride, strict=True))

    def inputs(self, sizes):
        """The map that this many windows tile: what a Deconvolution gives."""
        axes = zip(sizes, self.stride, self.extent, self.before, self.after, strict=True)
        found = tuple(s * (n - 1) + e - b - a for n, s, e, b, a in axes)
        if min(found, default=1) < 1:
            raise ShapeError(f"pad leaves nothing of a map of {by(found)}: make it smaller")
        return found


def by(sizes):
    return " x ".join(map(str, sizes))


def padding(size, padded):
    return f" padded to {padded}" if padded != size else ""


def window(spec, sizes):
    """The window that a ConvolutionParameter asks for, over a map of these sizes."""
    n = len(sizes)
    kernel = each(spec, "kernel_size", n, ("kernel_h", "kernel_w"))
    stride = each(spec, "stride", n, ("stride_h", "stride_w"), 1)
    holes = each(spec, "hole", n, ("hole_h", "hole_w"), 1)
    dilation = each(spec, "dilation", n, (), 1) if len(spec.dilation) else holes
    if len(spec.dilation) and (spec.HasField("hole") or spec.HasField("hole_h") or spec.HasField("hole_w")):
        raise ShapeError("dilation and hole mean the same: give one of them")
    for name, values in (("kernel_size", kernel), ("stride", stride), ("dilation", dilation)):
        if min(values, default=1) < 1:
            raise ShapeError(f"{name} must be at least 1, found {by(values)}")
    extent = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
    before, after = pads(spec, sizes, extent, stride)
    return Window(kernel, stride, before, after, dilation)


def each(spec, name, n, pair, default=None):
    """A parameter as one number per axis."""
    given = getattr(spec, name)
    given = list(given) if name in REPEATED else [given] * spec.HasField(name)
    if any(spec.HasField(other) for other in pair):
        names = " and ".join(pair)
        if n != 2:
            raise ShapeError(f"{names} are for 2 spatial axes, found {n}: use {name}")
        if given:
            raise ShapeError(f"give {name} or {names}, not both")
        values = [getattr(spec, other) if spec.HasField(other) else default for other in pair]
        if None in values:
            raise ShapeError(f"{pair[0]} and {pair[1]} go together, found only {pair[values[0] is None]}")
        return tuple(values)
    if len(given) in (1, n) or (not given and default is not None):
        return tuple(given) if len(given) == n else tuple(given or [default]) * n
    axes = f"{n} spatial ax{'is' if n == 1 else 'es'}"
    found = f"found {len(given)} values" if given else "found none"
    raise ShapeError(f"{name} is given once, or once for each of {axes}; {found}")


REPEATED = {"kernel_size", "stride", "pad", "dilation"}


def pads(spec, sizes, extent, stride):
    """(before, after) along each axis."""
    sides = tuple(getattr(spec, name) for name in SIDES)
    one = each(spec, "pad", len(sizes), ("pad_h", "pad_w"), 0)
    plain = len(spec.pad) > 0 or any(one)
    if sum((plain, any(sides), spec.pad_type != 0)) > 1:
        raise ShapeError("pad, pad_l to pad_b and pad_type exclude each other: give one of them")
    if any(sides):
        if len(sizes) != 2:
            raise ShapeError(f"pad_l, pad_r, pad_t, pad_b are for 2 spatial axes, found {len(sizes)}: use pad")
        return sides[:2], sides[2:]
    if spec.pad_type:
        return same(spec.pad_type, sizes, extent, stride)
    return one, one


def same(pad_type, sizes, extent, stride):
    """TensorFlow's SAME: ceil(size / stride) windows."""
    if pad_type != 1:
        raise ShapeError(f"pad_type is 0 (pads as given) or 1 (SAME), found {pad_type}")
    total = [max((-(-n // s) - 1) * s + e - n, 0) for n, s, e in zip(sizes, stride, extent, strict=True)]
    return tuple(t // 2 for t in total), tuple(t - t // 2 for t in total)
