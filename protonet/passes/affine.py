"""Affine: the one normal form of BatchNorm, Scale, Bias and Power: y = a[c] * x + b[c], one pair per
channel, in float64.

    before    x -- BatchNorm(mean, var) -- Scale(gamma, beta) -- y
    after     x -- Affine(a, b) -- Affine(a', b') -- y               (ToAffine; fold.py then moves and absorbs them)
    at last   x -- Scale(a, b) -- y                                  (FromAffine, for what nothing has absorbed)

BatchNorm stores decayed sums: mean = blob 0 / blob 2, var = blob 1 / blob 2 (both 0 if blob 2 is 0, as in
Caffe); a = 1 / sqrt(var + eps), b = -a * mean.  NVIDIA's and Intel's may hold Scale's blobs as well;
Synopsys' divides by sqrt(var) + eps if it is told to.  Power with power 1 is scale and shift; Scale with
num_axes: 0 is one number for all channels.

No BatchNorm survives unless it uses the statistics of its batch: a deploy net would then no more be a
function of one image.
"""

from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from protonet.errors import ProtonetError, WeightsError
from protonet.layers.base import REGISTRY, TEST, axis_of
from protonet.passes.base import Rewrite, Skip, require, understood
from protonet.passes.identity import drop
from protonet.proto import caffe_pb2


@dataclass(frozen=True)
class Affine:
    """a, b: float64 vectors, one number per channel; or of length 1 for a blob that has no channel axis."""

    a: np.ndarray
    b: np.ndarray

    @property
    def identity(self):
        return bool((self.a == 1).all() and not self.b.any())

    @property
    def shifts(self):
        return bool(self.b.any())

    def after(self, first):
        """The affine that does `first`, then this one."""
        return Affine(self.a * first.a, self.a * first.b + self.b)

    def part(self, start, stop):
        return Affine(self.a[start:stop], self.b[start:stop])

    @staticmethod
    def none(channels):
        return Affine(np.ones(channels), np.zeros(channels))


class AffineLayer:
    """What stands in a graph for the layers `before`, between ToAffine and FromAffine.  Its numbers are
    node.blobs.
    """

    type, in_place, loss, source = "Affine", True, False, False

    def __init__(self, before, named):
        self.before = before  # (layer, blobs, shares) of each layer that has gone into it
        self.param, self.phase, self.name, self.spec = named.param, named.phase, named.name, None

    def infer(self, x):
        return [x]

    def __str__(self):
        return " + ".join(f"{layer.type} {layer.name}" for layer, *_ in self.before)


def affine_of(node):
    return Affine(*node.blobs)


def scale_layer(node, affine):
    """A Scale layer, and its blobs, that computes this."""
    param = caffe_pb2.LayerParameter(name=node.name, type="Scale")
    param.bottom.extend(node.layer.param.bottom)
    param.top.extend(node.layer.param.top)
    spec = param.scale_param
    spec.bias_term = affine.shifts
    shape = affine.a.shape
    if len(node.inputs[0].shape) < 2:
        spec.axis, spec.num_axes, shape = 0, 0, ()
    arrays = [affine.a, affine.b] if affine.shifts else [affine.a]
    blobs = [array.astype(np.float32).reshape(shape) for array in arrays]
    return REGISTRY["Scale"](param, node.layer.phase), blobs


BATCH_NORM = (
    "use_global_stats moving_average_fraction eps engine use_weight_bias bias_term filler bias_filler scale_filler "
    "stats_batch_size update_global_stats scale_bias add_eps_before_sqrt"
)


def channels(node):
    """How many channels the node's input has."""
    shape = node.inputs[0].shape
    return shape[1] if len(shape) > 1 else 1


def spread(values, n):
    """One number per channel in float64."""
    return np.broadcast_to(np.asarray(values, np.float64).reshape(-1), (n,)).copy()


def batch_norm(node):
    spec, n = node.spec, channels(node)
    stored = spec.use_global_stats if spec.HasField("use_global_stats") else node.layer.phase == TEST
    require(stored, "the statistics come from each batch (use_global_stats: false)")
    understood(node, BATCH_NORM)
    require(3 <= len(node.blobs) <= 5, f"expected 3 blobs, or 4 or 5 with its own scale, found {len(node.blobs)}")
    mean, var, (weight,), *own = (blob.astype(np.float64).reshape(-1) for blob in node.blobs)
    mean, var = (mean / weight, var / weight) if weight else (0 * mean, 0 * var)
    norm = normaliser(spread(mean, n), spread(var, n), spec.eps, spec.add_eps_before_sqrt)
    return Affine(*(spread(values, n) for values in [*own, 0.0][:2])).after(norm) if own else norm


def bn(node):
    """SegNet's in INFERENCE, and PSPNet's with its running average."""
    layer, n = node.layer, channels(node)
    require(layer.plain or layer.stored, "the statistics come from each batch")
    require(axis_of(node.spec.axis, node.inputs[0].shape) == 1, f"it works along axis {node.spec.axis}, not 1")
    own = Affine(*(spread(blob, n) for blob in node.blobs[:2]))
    if layer.plain:
        return own
    mean, var = (spread(blob, n) for blob in node.blobs[2:])
    return own.after(normaliser(mean, var, layer.eps))


def normaliser(mean, var, eps, inside=True):
    """x -> (x - mean) / sqrt(var + eps), or / (sqrt(var) + eps)."""
    with np.errstate(invalid="ignore"):  # a variance below -eps, which is found next
        std = np.sqrt(var + eps) if inside else np.sqrt(var) + eps
    bad = ~(np.isfinite(mean) & np.isfinite(std) & (std > 0))
    if bad.any():
        c = int(np.flatnonzero(bad)[0])
        raise WeightsError(
            f"{int(bad.sum())} of its {len(bad)} statistics make no distribution: "
            f"channel {c} has mean {mean[c]:g}, variance {var[c]:g}"
        )
    return Affine(1 / std, -mean / std)


def per_channel(node, axis, num_axes):
    """The parameter of a Scale or Bias as one number per channel.  (A scalar has num_axes 0.)"""
    require(len(node.inputs) == 1, "it takes its factors from a bottom")
    shape = node.inputs[0].shape
    values = node.blobs[0].shape
    if values == () or num_axes == 0:
        return
    require(axis_of(axis, shape) == 1, f"it works along axis {axis}, not 1")
    require(len(values) == 1, f"it is not per channel: its factors are {values}")


def scale(node):
    understood(node, "axis num_axes filler bias_term bias_filler")
    per_channel(node, node.spec.axis, node.spec.num_axes)
    n = channels(node)
    shift = node.blobs[1] if node.spec.bias_term else 0.0
    return Affine(spread(node.blobs[0], n), spread(shift, n))


def bias(node):
    per_channel(node, node.spec.axis, node.spec.num_axes)
    n = channels(node)
    return Affine(np.ones(n), spread(node.blobs[0], n))


def power(node):
    require(node.spec.power == 1, f"its power is {node.spec.power:g}, not 1")
    require(node.inputs[0].shape, "its input has no axes")
    n = channels(node)
    return Affine(spread(node.spec.scale, n), spread(node.spec.shift, n))


NORMS = "BatchNorm", "BatchNormKyle", "BN"
MEANING = dict.fromkeys(NORMS, batch_norm) | {"BN": bn, "Scale": scale, "Bias": bias, "Power": power}


class ToAffine(Rewrite):
    """Write every layer that is an affine per channel as Affine."""

    types = tuple(MEANING)

    def rewrite(self, graph, node):
        try:
            affine = MEANING[node.type](node)
        except ProtonetError as error:
            raise error.at(node.place or f"layer '{node.name}'") from None
        node.layer = AffineLayer([(node.layer, node.blobs, node.shares)], node.layer)
        node.blobs, node.shares = [affine.a, affine.b], {}
        return ""


class FromAffine(Rewrite):
    """Write every Affine that is left as one Scale, or as the layer it was if it was one layer and no
    BatchNorm.
    """

    types = ("Affine",)

    def rewrite(self, graph, node):
        affine, what = affine_of(node), str(node.layer)
        if affine.identity:
            with suppress(Skip):
                drop(graph, node)
                return f"{what} changes nothing and is dropped"
        if len(node.layer.before) == 1 and node.layer.before[0][0].type not in NORMS:
            node.layer, node.blobs, node.shares = node.layer.before[0]
            return None
        node.layer, node.blobs = scale_layer(node, affine)
        return f"takes the place of {what}"
