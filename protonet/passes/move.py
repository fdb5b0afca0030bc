"""Move: what an affine per channel becomes on the other side of a layer that has no weights.

    before    x -- Concat(x1, x2) -- Affine(a, b) -- y          before    x -- Affine(a, b) -- Pooling -- y
    after     Concat(Affine(x1), Affine(x2)) -- y               after     x -- Pooling -- Affine(a, b) -- y

A rule of UP gives, for an affine on top `at` of a node, the affines its bottoms must bear instead; one of
DOWN gives, for an affine on bottom `at`, those of its tops.  None stands for nothing to do.  A rule that is
not exact declines. The surprises: max pooling keeps the order only where a >= 0; average pooling with
padding averages zeros that no shift has moved.
"""

import numpy as np

from protonet.layers.base import axis_of
from protonet.passes.affine import Affine
from protonet.passes.base import require, understood

KNOWN = {  # the parameters that the rules have in mind
    "Concat": "axis concat_dim engine",
    "Slice": "axis slice_dim slice_point",
    "Eltwise": "operation coeff stable_prod_grad engine",
    "Pooling": "pool kernel_size stride pad kernel_h kernel_w stride_h stride_w pad_h pad_w engine global_pooling "
    "round_mode ceil_mode pad_l pad_r pad_t pad_b avg_include_pad",
    "Reshape": "shape axis num_axes",
    "Flatten": "axis end_axis",
    "Crop": "axis offset",
    "ReLU": "negative_slope engine",
    "PReLU": "filler channel_shared",
}
PADS = "pad", "pad_h", "pad_w", "pad_l", "pad_r", "pad_t", "pad_b"


def up(node, at, affine):
    require(node.type in UP, f"{node} stands between")
    understood(node, KNOWN[node.type])
    return UP[node.type](node, at, affine)


def down(node, at, affine):
    require(node.type in DOWN, f"{node} stands between")
    understood(node, KNOWN[node.type])
    return DOWN[node.type](node, at, affine)


def along_channels(node, axis):
    shape = node.inputs[0].shape
    require(len(shape) > 1 and axis_of(axis, shape) == 1, f"{node} does not join or cut along the channels")


def parts(values):
    """(start, stop) of each value's channels in the joined one."""
    ends = np.cumsum([value.shape[1] for value in values])
    return zip([0, *ends[:-1]], ends, strict=True)


def old_or_new(spec, new, old):
    """Concat and Slice: concat_dim and slice_dim are axis's old names."""
    return getattr(spec, old) if spec.HasField(old) else getattr(spec, new)


def concat_axis(node):
    return old_or_new(node.spec, "axis", "concat_dim")


def slice_axis(node):
    return old_or_new(node.spec, "axis", "slice_dim")


def cut(affine, values):
    """The affine's share for each value: None where it is nothing."""
    shares = [affine.part(start, stop) for start, stop in parts(values)]
    return [None if share.identity else share for share in shares]


def padded_with_none(affine, values, at):
    """The affine on one of several joined values, as one on them all."""
    start, stop = list(parts(values))[at]
    whole = Affine.none(sum(value.shape[1] for value in values))
    whole.a[start:stop], whole.b[start:stop] = affine.a, affine.b
    return [whole]


def concat_up(node, at, affine):
    along_channels(node, concat_axis(node))
    return cut(affine, node.inputs)


def concat_down(node, at, affine):
    along_channels(node, concat_axis(node))
    return padded_with_none(affine, node.inputs, at)


def slice_up(node, at, affine):
    along_channels(node, slice_axis(node))
    return padded_with_none(affine, node.outputs, at)


def slice_down(node, at, affine):
    along_channels(node, slice_axis(node))
    return cut(affine, node.outputs)


def eltwise_up(node, at, affine):
    """a (c1 x1 + c2 x2) + b = c1 (a x1 + b / c1) + c2 (a x2); the like for products and, with a >= 0,
    maxima.
    """
    require(not getattr(node.layer, "forgets", False), f"{node} is a sum in place, which lacks its first bottom")
    kind, n = node.spec.operation, len(node.inputs)
    zero = np.zeros_like(affine.b)
    if kind == node.spec.SUM:
        first = node.spec.coeff[0] if node.spec.coeff else 1.0
        require(first != 0 or not affine.shifts, f"{node} multiplies its first bottom by 0")
        shift = affine.b / first if affine.shifts else zero
        return [Affine(affine.a, shift)] + [Affine(affine.a, zero)] * (n - 1)
    if kind == node.spec.PROD:
        require(not affine.shifts, f"{node} multiplies, and the shift comes after")
        return [affine] + [None] * (n - 1)
    require(kind == node.spec.MAX, f"{node} stands between")
    require((affine.a >= 0).all(), f"{node} takes the largest, and a factor is negative")
    return [affine] * n


def eltwise_down(node, at, affine):
    """c (x + b) + ... = c x + ... + c b: of one summand only a shift can leave, of one factor only a
    factor.
    """
    require(not getattr(node.layer, "forgets", False), f"{node} is a sum in place, which lacks its first bottom")
    kind = node.spec.operation
    if kind == node.spec.SUM:
        require((affine.a == 1).all(), f"{node} adds others, which the factor is not for")
        coeff = node.spec.coeff[at] if node.spec.coeff else 1.0
        return [Affine(affine.a, coeff * affine.b)]
    require(kind == node.spec.PROD, f"{node} takes the largest of several")
    require(not affine.shifts, f"{node} multiplies, and the shift comes before")
    return [affine]


def pooling(node, at, affine):
    spec = node.spec
    require(at == 0, f"{node} gives positions in its second top")
    require(spec.pool in (spec.MAX, spec.AVE), f"{node} takes neither the largest nor the average")
    require(not skips(node), f"{node} may have windows outside the image")
    if spec.pool == spec.MAX:
        require((affine.a >= 0).all(), f"{node} takes the largest, and {(affine.a < 0).sum()} factors are negative")
    else:
        pads = spec.avg_include_pad and any(getattr(spec, name) for name in PADS)
        require(
            not (affine.shifts and pads),
            f"{node} averages zeros of its padding, which the shift would have to move too",
        )
    return [affine]


def pooling_down(node, at, affine):
    return pooling(node, at, affine) + [None] * (len(node.outputs) - 1)


def skips(node):
    """Whether the step is longer than the window, which Caffe lets end in windows that hold nothing."""
    spec = node.spec
    if spec.global_pooling:
        return False
    kernel = spec.kernel_h or spec.kernel_size, spec.kernel_w or spec.kernel_size
    stride = spec.stride_h or spec.stride, spec.stride_w or spec.stride
    return any(s > k for s, k in zip(stride, kernel, strict=True))


def reshaped(node, affine, shape, into):
    """The affine on a blob of one shape, as one on the same numbers in another; the batch must stay."""
    require(len(shape) > 1 and len(into) > 1 and shape[0] == into[0], f"{node} does not keep the batch")

    def each(values):
        flat = np.broadcast_to(values.reshape(-1, *[1] * (len(shape) - 2)), shape[1:]).reshape(into[1], -1)
        require((flat == flat[:, :1]).all(), f"{node} joins channels of several factors")
        return flat[:, 0].copy()

    require(0 not in shape, f"{node} is empty")
    return [Affine(each(affine.a), each(affine.b))]


def for_any_batch(node):
    """Decline a Reshape that keeps this batch by chance: it names its size."""
    if node.type != "Reshape":
        return
    dims, axis = node.spec.shape.dim, node.spec.axis
    first = axis if axis >= 0 else axis + len(node.inputs[0].shape) + 1
    require(first or not dims or dims[0] in (0, -1), f"{node} fixes the batch")


def reshape_up(node, at, affine):
    for_any_batch(node)
    return reshaped(node, affine, node.outputs[0].shape, node.inputs[0].shape)


def reshape_down(node, at, affine):
    for_any_batch(node)
    return reshaped(node, affine, node.inputs[0].shape, node.outputs[0].shape)


def crop(node, at, affine):
    """Crop of all axes after the channels: the second bottom gives only its shape."""
    shape = node.inputs[0].shape
    require(at == 0 and axis_of(node.spec.axis, shape) > 1, f"{node} crops channels")
    return [affine] + [None] * (len(node.inputs) - 1)


def crop_down(node, at, affine):
    if at == 1:
        return [None]
    return crop(node, at, affine)[:1]


def rectifier(node, at, affine):
    """relu(a x) = a relu(x) for a >= 0, leaky and learned slopes as well."""
    require(not affine.shifts, f"{node} stands between")
    require((affine.a >= 0).all(), f"{node} stands between, and a factor is negative")
    return [affine]


UP = {
    "Concat": concat_up,
    "Slice": slice_up,
    "Eltwise": eltwise_up,
    "Pooling": pooling,
    "Reshape": reshape_up,
    "Flatten": reshape_up,
    "Crop": crop,
    "ReLU": rectifier,
    "PReLU": rectifier,
}
DOWN = UP | {
    "Concat": concat_down,
    "Slice": slice_down,
    "Eltwise": eltwise_down,
    "Pooling": pooling_down,
    "Reshape": reshape_down,
    "Flatten": reshape_down,
    "Crop": crop_down,
}
