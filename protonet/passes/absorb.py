"""Absorb: what an affine per channel becomes inside the linear layer behind it or before it.

    before    x -- Convolution(W, w) -- Affine(a, b) -- y       x -- Affine(a, b) -- Convolution(W, w) -- y
    after     x -- Convolution(a W, a w + b) -- y               x -- Convolution(W a, w + W b) -- y

`behind` and `ahead` give the layer's new blobs and layer, or decline; they change nothing.  Arithmetic in
float64, stored in float32. The surprise is `ahead` of a convolution with padding: what is padded is zero
*after* the shift, so that near the border the shift is missing; only an affine that does not shift goes in
there.  A deconvolution spreads a shift unevenly for the like reason.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from protonet.layers import spatial
from protonet.layers.base import axis_of
from protonet.passes.affine import AffineLayer, affine_of
from protonet.passes.base import changed, require, understood

CONVOLUTIONS = ("Convolution", "ConvolutionDepthwise", "DepthwiseConvolution", "Deconvolution")
CONVOLUTION = (
    "num_output bias_term group weight_filler bias_filler engine axis force_nd_im2col conv_algorithm weight_fixed "
    "kernel_size kernel_h kernel_w stride stride_h stride_w dilation hole hole_h hole_w "
    "pad pad_h pad_w pad_type pad_l pad_r pad_t pad_b"
)
INNER_PRODUCT = "num_output bias_term weight_filler bias_filler axis transpose engine weight_fixed"
THEN = " relu negative_slope"  # what follows the product does not matter to what comes before it


@dataclass
class Absorbed:
    """What the node will be."""

    layer: Any
    blobs: list


def behind(node, affine, layer):
    """`node`, with the affine after it.  `layer` is what the affine comes from."""
    return rule(BEHIND, node)(node, affine, layer)


def ahead(node, affine, layer):
    """`node`, with the affine on its input."""
    return rule(AHEAD, node)(node, affine, layer)


def rule(table, node):
    require(node.type in table, f"{node} stands between")
    return table[node.type]


def linear(node):
    """The (weight, bias) of a linear layer in float64, if they are its own."""
    require(not node.shares, f"the weights of {node} are shared with another layer")
    require(len(node.inputs) == 1, f"{node} uses its weights for {len(node.inputs)} bottoms")
    require(node.blobs, f"the weights of {node} are not loaded")
    weight, *bias = (blob.astype(np.float64) for blob in node.blobs)
    return weight, bias[0].reshape(-1) if bias else 0.0


def absorbed(node, weight, bias):
    """A bias appears where there was none and one is needed."""
    bias = np.asarray(bias)
    arrays, layer = [weight], node.layer
    if len(node.blobs) > 1:
        arrays.append(bias.reshape(node.blobs[1].shape))
    elif bias.any():
        arrays.append(bias)
        layer = changed(node.layer, bias_term=True)
    with np.errstate(over="ignore"):  # what overflows is found next
        blobs = [array.astype(np.float32) for array in arrays]
    finite = all(
        np.isfinite(blob).all() or not np.isfinite(old).all() for blob, old in zip(blobs, node.blobs, strict=False)
    )
    require(finite, f"the weights of {node} would no longer be finite")
    return Absorbed(layer, blobs)


def columns(values, like):
    """A vector along axis 0 of `like`."""
    return values.reshape(-1, *[1] * (like.ndim - 1))


def channels(node, fields):
    """Only convolutions over the channels, all of whose parameters are known."""
    understood(node, fields)
    require(axis_of(node.spec.axis, node.inputs[0].shape) == 1, f"the channels of {node} are not axis 1")


def window(node):
    return spatial.window(node.spec, node.inputs[0].shape[2:])


def padded(node):
    """Whether it pads, for maps of this size or of another: TensorFlow's SAME depends on that."""
    return node.spec.pad_type or any(window(node).before + window(node).after)


def convolution_behind(node, affine, layer):
    channels(node, CONVOLUTION)
    weight, bias = linear(node)
    return absorbed(node, weight * columns(affine.a, weight), affine.a * bias + affine.b)


def deconvolution_behind(node, affine, layer):
    """Its weights are (C, K / G, ...), the outputs of group g are those of its input channels."""
    channels(node, CONVOLUTION)
    weight, bias = linear(node)
    groups = node.spec.group
    parts = weight.reshape(groups, -1, *weight.shape[1:])
    factors = affine.a.reshape(groups, 1, -1, *[1] * (weight.ndim - 2))
    return absorbed(node, (parts * factors).reshape(weight.shape), affine.a * bias + affine.b)


def inner_product_behind(node, affine, layer):
    understood(node, INNER_PRODUCT)
    axis = axis_of(node.spec.axis, node.inputs[0].shape)
    require(axis == 1, f"the outputs of {node} lie along axis {axis}, not along the channels")
    weight, bias = linear(node)
    factors = affine.a if node.spec.transpose else columns(affine.a, weight)
    return absorbed(node, weight * factors, affine.a * bias + affine.b)


def affine_behind(node, affine, layer):
    total = affine.after(affine_of(node))
    return Absorbed(AffineLayer(node.layer.before + layer.before, node.layer), [total.a, total.b])


def convolution_ahead(node, affine, layer):
    """Its weights are (K, C / G, ...); the inputs of output k are those of its group."""
    channels(node, CONVOLUTION + THEN)
    require(
        not (affine.shifts and padded(node)),
        f"{node} pads with zeros, which the shift would have to move too",
    )
    weight, bias = linear(node)
    groups = len(affine.a) // weight.shape[1]
    parts = weight.reshape(groups, -1, *weight.shape[1:])
    a, b = (values.reshape(groups, 1, -1, *[1] * (weight.ndim - 2)) for values in (affine.a, affine.b))
    shift = (parts * b).sum(axis=tuple(range(2, parts.ndim))).reshape(-1)
    return absorbed(node, (parts * a).reshape(weight.shape), bias + shift)


def deconvolution_ahead(node, affine, layer):
    channels(node, CONVOLUTION + THEN)
    weight, bias = linear(node)
    single = set(window(node).kernel + window(node).stride) <= {1}
    require(not affine.shifts or single, f"{node} would spread the shift unevenly")
    groups = node.spec.group
    shift = (weight * columns(affine.b, weight)).reshape(groups, -1, *weight.shape[1:])
    shift = shift.sum(axis=(1, *range(3, shift.ndim))).reshape(-1)
    return absorbed(node, weight * columns(affine.a, weight), bias + shift)


def inner_product_ahead(node, affine, layer):
    understood(node, INNER_PRODUCT)
    shape = node.inputs[0].shape
    axis = axis_of(node.spec.axis, shape)
    require(axis <= 1, f"{node} sums along axis {axis} and later only, each channel for itself")
    weight, bias = linear(node)
    values = (
        np.broadcast_to(v.reshape(-1, *[1] * (len(shape) - 2)), shape)[(0,) * (axis == 1)] for v in (affine.a, affine.b)
    )
    a, b = (v.reshape(-1) for v in values)
    if node.spec.transpose:
        return absorbed(node, weight * columns(a, weight), bias + b @ weight)
    return absorbed(node, weight * a, bias + weight @ b)


def affine_ahead(node, affine, layer):
    total = affine_of(node).after(affine)
    return Absorbed(AffineLayer(layer.before + node.layer.before, node.layer), [total.a, total.b])


BEHIND = dict.fromkeys(CONVOLUTIONS, convolution_behind) | {
    "Deconvolution": deconvolution_behind,
    "InnerProduct": inner_product_behind,
    "Affine": affine_behind,
}
AHEAD = dict.fromkeys(CONVOLUTIONS, convolution_ahead) | {
    "Deconvolution": deconvolution_ahead,
    "InnerProduct": inner_product_ahead,
    "Affine": affine_ahead,
}
